// Personal: text that belongs to somebody. It cannot be printed, logged, compared with == by accident, or converted;
// the word reviewers search for is reveal(). The bytes are overwritten when it is destroyed or moved from.
//
// Threads  A value; not shared.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

namespace cloister {

class Personal {
 public:
    Personal() = default;
    explicit Personal(std::string text) : text_(std::move(text)) {}
    Personal(Personal&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
    Personal& operator=(Personal&& other) noexcept {
        if (this != &other) {
            wipe();
            text_ = std::move(other.text_);
            other.wipe();
        }
        return *this;
    }
    Personal(const Personal&) = default;
    Personal& operator=(const Personal&) = default;
    ~Personal() { wipe(); }

    // The text itself. Whoever calls this answers for where it goes.
    std::string_view reveal() const { return text_; }
    bool empty() const { return text_.empty(); }
    std::size_t size_bytes() const { return text_.size(); }

    bool operator==(const Personal&) const = delete;
    friend std::ostream& operator<<(std::ostream&, const Personal&) = delete;

 private:
    void wipe() {
        volatile char* p = text_.data();
        for (std::size_t i = 0; i < text_.size(); ++i) p[i] = 0;
        text_.clear();
    }
    std::string text_;
};

}  // namespace cloister
