// The published vectors under tests/vectors/crypto, for the tests of this module.
#pragma once

#include <boost/json.hpp>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace cloister::crypto::testing_support {

// A file under tests/vectors/crypto. Throws when it is not there or is not JSON: a test without vectors must not pass.
boost::json::value load_vectors(std::string_view name);

// The members of a case.
Bytes bytes_at(const boost::json::object& object, std::string_view name);  // from hexadecimal
std::string_view text_at(const boost::json::object& object, std::string_view name);
std::size_t number_at(const boost::json::object& object, std::string_view name);

// One case of a Wycheproof file with the group it stands in.
struct WycheproofCase {
    const boost::json::object* group;
    const boost::json::object* test;
    bool valid;      // must be accepted; otherwise must be refused
    std::size_t id;  // tcId
};
// All cases. The files used here have none that are "acceptable".
std::vector<WycheproofCase> wycheproof_cases(const boost::json::value& file);

}  // namespace cloister::crypto::testing_support
