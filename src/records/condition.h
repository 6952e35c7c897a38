// One search condition made ready: which index rows can hold it, and whether an opened value does.
//
// Threads  Immutable once made.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "records/blind_index.h"
#include "records/records.h"

namespace cloister::records {

class Matcher {
 public:
    // invalid_argument when the field has no index for the operation or the value does not fit; the sentence names what
    // is possible, never the value.
    static Result<Matcher> make(const Schema::Place& place, const Condition& condition, const BlindIndex& index);
    // Equality with a canonical value, for imports.
    static Result<Matcher> equals(const Schema::Place& place, std::string_view canonical, const BlindIndex& index);

    const Schema::Place& place() const { return place_; }
    std::uint16_t slot() const { return slot_; }
    // A value that matches has all of these tokens (grams) ...
    const std::vector<std::uint64_t>& all_of() const { return all_of_; }
    // ... or one of these (buckets). One of the two lists is empty.
    const std::vector<std::uint64_t>& any_of() const { return any_of_; }
    bool holds(std::string_view canonical) const;

 private:
    enum class Op { equals, starts_with, ends_with, contains, between };
    Schema::Place place_;
    Op op_ = Op::equals;
    std::uint16_t slot_ = 0;
    Personal piece_;
    Personal upper_;
    std::vector<std::uint64_t> all_of_;
    std::vector<std::uint64_t> any_of_;
};

// -1, 0, 1 for decimal numbers in canonical text, exactly; text after a blank (a currency) is not looked at.
int compare_decimal(std::string_view a, std::string_view b);

}  // namespace cloister::records
