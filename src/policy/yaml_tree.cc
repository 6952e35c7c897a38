#include "policy/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <tuple>
#include <utility>

#include "base/bytes.h"

namespace cloister::policy {
namespace {

constexpr std::size_t kMaxBytes = 256u << 10;
constexpr std::size_t kMaxDepth = 8;       // the deepest place of a policy is 5
constexpr std::size_t kMaxNodes = 20'000;  // far beyond a real policy, and still parsed in milliseconds

// Leaves the parser from inside an event; caught in parse_yaml.
struct Refused {
    Error error;
};

[[noreturn]] void refuse(const YAML::Mark& mark, std::string_view what) { throw Refused{at_line(mark.line + 1, what)}; }

// Builds the tree from the parser's events. Open containers are on a stack; a finished node goes to the top one.
class TreeBuilder final : public YAML::EventHandler {
 public:
    YamlNode take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        add(start(mark, "", anchor, YamlNode::Kind::null));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        refuse(mark, "aliases are not part of the format");
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        YamlNode node = start(mark, tag, anchor, YamlNode::Kind::scalar);
        node.scalar = value;
        add(std::move(node));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(mark, start(mark, tag, anchor, YamlNode::Kind::sequence));
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(mark, start(mark, tag, anchor, YamlNode::Kind::map));
    }
    void OnMapEnd() override { close(); }

 private:
    struct Open {
        YamlNode node;
        std::optional<YamlNode> key;  // of a map: read, its value is still to come
    };

    // "!" marks a quoted scalar and "?" a plain one; any other tag was written out.
    YamlNode start(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode::Kind kind) {
        if (anchor != 0) refuse(mark, "anchors are not part of the format");
        if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, "tags are not part of the format");
        if (++nodes_ > kMaxNodes) throw Refused{Error(ErrorCode::too_large, "the document has more than 20,000 nodes")};
        YamlNode node;
        node.kind = kind;
        node.line = mark.line + 1;
        return node;
    }

    void open(const YAML::Mark& mark, YamlNode node) {
        if (stack_.size() == kMaxDepth) refuse(mark, "nested more than 8 levels deep");
        stack_.push_back({std::move(node), std::nullopt});
    }

    void close() {
        YamlNode done = std::move(stack_.back().node);
        stack_.pop_back();
        add(std::move(done));
    }

    void add(YamlNode node) {
        if (stack_.empty()) {
            root_ = std::move(node);
            return;
        }
        Open& parent = stack_.back();
        if (parent.node.kind == YamlNode::Kind::sequence) {
            parent.node.items.push_back(std::move(node));
        } else if (parent.key) {
            parent.node.members.push_back({std::move(*parent.key), std::move(node)});
            parent.key.reset();
        } else {
            if (node.kind != YamlNode::Kind::scalar) throw Refused{at_line(node.line, "a key must be a word")};
            if (node.scalar == "<<") throw Refused{at_line(node.line, "merge keys are not part of the format")};
            parent.key = std::move(node);
        }
    }

    YamlNode root_;
    std::vector<Open> stack_;
    std::size_t nodes_ = 0;
};

// Sorted copies rather than a look-up per key: a map may have thousands.
Result<void> refuse_repeated_keys(const YamlNode& node) {
    std::vector<const YamlNode*> keys;
    for (const auto& [key, value] : node.members) keys.push_back(&key);
    std::sort(keys.begin(), keys.end(), [](const YamlNode* a, const YamlNode* b) {
        return std::tie(a->scalar, a->line) < std::tie(b->scalar, b->line);
    });
    const auto twice = std::adjacent_find(keys.begin(), keys.end(),
                                          [](const auto* a, const auto* b) { return a->scalar == b->scalar; });
    if (twice != keys.end()) return at_line(twice[1]->line, quoted(twice[1]->scalar) + " is given twice");
    for (const auto& [key, value] : node.members) CLOISTER_RETURN_IF_ERROR(refuse_repeated_keys(value));
    for (const YamlNode& item : node.items) CLOISTER_RETURN_IF_ERROR(refuse_repeated_keys(item));
    return {};
}

Result<YamlNode> build_tree(std::string_view text) {
    std::istringstream stream{std::string(text)};
    try {
        YAML::Parser parser(stream);
        TreeBuilder builder;
        if (!parser.HandleNextDocument(builder)) return Error(ErrorCode::invalid_argument, "the document is empty");
        TreeBuilder rest;
        if (parser.HandleNextDocument(rest)) return Error(ErrorCode::invalid_argument, "there is a second document");
        return builder.take();
    } catch (const Refused& refused) {
        return refused.error;
    } catch (const YAML::Exception& e) {
        return at_line(e.mark.line + 1, e.msg);
    }
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
    for (const auto& [name, value] : members)
        if (name.scalar == key) return &value;
    return nullptr;
}

Error at_line(int line, std::string_view what) {
    return Error(ErrorCode::invalid_argument, "line " + std::to_string(line) + ": " + std::string(what));
}

std::string quoted(std::string_view word) {
    constexpr std::size_t kLongest = 60;
    std::string text = "\"";
    for (const char c : word.substr(0, kLongest)) text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return text + (word.size() > kLongest ? "...\"" : "\"");
}

Result<YamlNode> parse_yaml(std::string_view text) {
    if (text.size() > kMaxBytes) return Error(ErrorCode::too_large, "a policy has at most 256 KiB");
    // Checked first: the parser would take other encodings, and silently replace what it cannot read.
    if (!is_valid_utf8(text) || text.find('\0') != text.npos)
        return Error(ErrorCode::invalid_argument, "the document is not UTF-8 text");
    CLOISTER_ASSIGN_OR_RETURN(YamlNode root, build_tree(text));
    CLOISTER_RETURN_IF_ERROR(refuse_repeated_keys(root));
    return root;
}

}  // namespace cloister::policy
