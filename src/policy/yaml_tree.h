// A YAML text as a small tree with line numbers. Of YAML it takes mappings, sequences and plain or quoted scalars;
// anchors, aliases, tags, merge keys, repeated keys and a second document are refused, so that a text means what it
// seems to mean and cannot grow when it is read.
//
// Private to policy.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloister::policy {

struct YamlMember;

struct YamlNode {
    enum class Kind : std::uint8_t { null, scalar, sequence, map };

    Kind kind = Kind::null;
    int line = 0;                     // from 1
    std::string scalar;               // scalar
    std::vector<YamlNode> items;      // sequence
    std::vector<YamlMember> members;  // map: scalar keys, in the order of the text

    // The value of a key of a map, or nullptr.
    const YamlNode* find(std::string_view key) const;
};

struct YamlMember {
    YamlNode key;
    YamlNode value;
};

// invalid_argument with "line N: ...".
Error at_line(int line, std::string_view what);
// A word of the document inside quotes for a message: cut at 60 bytes, without control characters.
std::string quoted(std::string_view word);

// invalid_argument with the line; too_large past the limits (256 KiB, 8 levels, 20,000 nodes).
Result<YamlNode> parse_yaml(std::string_view text);

}  // namespace cloister::policy
