// Exchanging the purposes of a policy document as text, so that the comments of the rest survive.
#include "base/text.h"
#include "policy/policy.h"

namespace cloister::policy {
namespace {

constexpr std::string_view kKey = "purposes:";

// Does a top-level key begin on this line?
bool is_top_level(std::string_view line) {
    return !line.empty() && line.front() != ' ' && line.front() != '#' && line.front() != '\r' && line.front() != '\t';
}

struct Section {
    std::size_t begin = 0;  // lines
    std::size_t end = 0;
};

Result<Section> find_section(const std::vector<std::string_view>& lines) {
    Section section{lines.size(), lines.size()};
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (!is_top_level(lines[i])) continue;
        if (section.begin < lines.size()) {
            section.end = i;
            return section;
        }
        if (lines[i].starts_with(kKey)) section.begin = i;
    }
    if (section.begin == lines.size())
        return Error(ErrorCode::invalid_argument, "no section \"purposes:\" at the beginning of a line");
    return section;
}

void append_lines(std::string& to, const std::vector<std::string_view>& lines, std::size_t from, std::size_t until) {
    for (std::size_t i = from; i < until; ++i) to.append(lines[i]).push_back('\n');
}

}  // namespace

Result<std::string> replace_purposes(std::string_view document, std::string_view section) {
    const auto old_lines = split(document, '\n');
    auto new_lines = split(section, '\n');
    while (!new_lines.empty() && trim(new_lines.back()).empty()) new_lines.pop_back();
    for (const std::string_view line : new_lines)
        if (is_top_level(line) && !line.starts_with(kKey))
            return Error(ErrorCode::invalid_argument, "the only top-level key here is \"purposes:\"");
    CLOISTER_RETURN_IF_ERROR(find_section(new_lines));
    CLOISTER_ASSIGN_OR_RETURN(const Section old, find_section(old_lines));
    std::string text;
    append_lines(text, old_lines, 0, old.begin);
    append_lines(text, new_lines, 0, new_lines.size());
    if (old.end < old_lines.size()) text.push_back('\n');
    append_lines(text, old_lines, old.end, old_lines.size());
    while (text.ends_with("\n\n")) text.pop_back();
    return text;
}

}  // namespace cloister::policy
