#include "datatypes/positions.h"

#include <cstdlib>

#include "base/text.h"
#include "datatypes/dates.h"
#include "datatypes/shapes.h"

namespace cloister::datatypes::internal {
namespace {

constexpr std::size_t kScale = 6;  // about ten centimetres; more would be noise
constexpr std::size_t kMaxPoints = 1000;

// A number of degrees with exactly six digits after the point, cut rather than rounded.
Result<std::string> degrees(std::string_view input, int limit) {
    std::string text(trim(input));
    if (const auto point = text.find('.'); point != std::string::npos && text.size() > point + 1 + kScale)
        if (all_digits(std::string_view(text).substr(point + 1))) text.resize(point + 1 + kScale);
    auto checked = decimal(text, {.integer_digits = 3, .scale = kScale, .least_scale = kScale});
    if (!checked) return refused("is not latitude and longitude in degrees");
    const std::string_view unsigned_text = std::string_view(*checked).substr(checked->starts_with('-') ? 1 : 0);
    const long micros = std::strtol((std::string(unsigned_text.substr(0, unsigned_text.find('.'))) +
                                     std::string(unsigned_text.substr(unsigned_text.find('.') + 1)))
                                        .c_str(),
                                    nullptr, 10);
    if (micros > limit * 1000000L) return refused("lies outside the Earth's coordinates");
    return checked;
}

std::string cut(std::string_view position, std::size_t kept) {
    const auto comma = position.find(',');
    const std::size_t drop = kScale - kept;
    return std::string(position.substr(0, comma - drop)) + "," +
           std::string(position.substr(comma + 1, position.size() - comma - 1 - drop));
}

}  // namespace

Result<std::string> position(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, bounded_line(input, {3, 60}));
    const auto parts = split(text, ',');
    if (parts.size() != 2) return refused("is not latitude and longitude with a comma between them");
    CLOISTER_ASSIGN_OR_RETURN(const std::string latitude, degrees(parts[0], 90));
    CLOISTER_ASSIGN_OR_RETURN(const std::string longitude, degrees(parts[1], 180));
    return latitude + "," + longitude;
}

Result<std::string> track(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, bounded_line(input, {1, kMaxPoints * 60}));
    const auto points = split(text, ';');
    if (points.size() > kMaxPoints) return refused("has too many points");
    std::string out;
    std::string before;
    for (const std::string_view point : points) {
        const std::string_view trimmed = trim(point);
        const auto space = trimmed.find(' ');
        if (space == std::string_view::npos) return refused("has a point without a time");
        CLOISTER_ASSIGN_OR_RETURN(std::string when, date_time(trimmed.substr(0, space)));
        CLOISTER_ASSIGN_OR_RETURN(const std::string where, position(trimmed.substr(space + 1)));
        if (when.substr(0, 19) < before) return refused("has points out of the order of time");
        before = when.substr(0, 19);
        out += (out.empty() ? "" : ";") + when + " " + where;
    }
    return out;
}

std::string geohash(std::string_view position) {
    static constexpr std::string_view kAlphabet = "0123456789bcdefghjkmnpqrstuvwxyz";
    const auto comma = position.find(',');
    const double latitude = std::strtod(std::string(position.substr(0, comma)).c_str(), nullptr);
    const double longitude = std::strtod(std::string(position.substr(comma + 1)).c_str(), nullptr);
    double low[2] = {-180, -90};
    double high[2] = {180, 90};
    std::string out;
    for (std::size_t bit = 0, value = 0; out.size() < 9; ++bit) {
        const std::size_t axis = bit % 2;
        const double middle = (low[axis] + high[axis]) / 2;
        const bool upper = (axis == 0 ? longitude : latitude) >= middle;
        (upper ? low : high)[axis] = middle;
        value = value * 2 + (upper ? 1 : 0);
        if (bit % 5 == 4) {
            out.push_back(kAlphabet[value]);
            value = 0;
        }
    }
    return out;
}

std::string position_5(std::string_view position) { return cut(position, 5); }
std::string position_3(std::string_view position) { return cut(position, 3); }
std::string position_2(std::string_view position) { return cut(position, 2); }
std::string position_1(std::string_view position) { return cut(position, 1); }

}  // namespace cloister::datatypes::internal
