// One line of JSON Lines as names and texts. Numbers keep their digits: an amount must not pass through a binary float.
//
// Threads  Belongs to one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cloister::records {

class FlatJson {
 public:
    struct Member {
        std::string name;
        std::string value;
    };

    FlatJson();
    ~FlatJson();
    // Empty when the text is one object, else why not, in fixed words.
    std::string_view parse(std::string_view text);
    // Members with a value, in order; null and empty objects leave nothing.
    const std::vector<Member>& members() const;

 private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace cloister::records
