// Check digits of identifiers. Every function takes ASCII text without separators, letters in upper case, and answers
// false for a text of another form: none needs its argument checked first.
//
// Specs  GB 11643 and ISO 7064 (MOD 11-2), ISO/IEC 7812-1 (Luhn), GB 32100, GB 11714, GB 16735 / ISO 3779, ISO 13616,
//        ICAO Doc 9303 part 3 section 4.9; the rules of Hong Kong and Taiwan cards as in docs/datatypes.md
#pragma once

#include <string_view>

namespace cloister::datatypes::internal {

// The 18th character for 17 digits: '0' .. '9' or 'X'. 0 when `seventeen` is not 17 digits.
char resident_check(std::string_view seventeen);
bool resident_ok(std::string_view eighteen);

bool luhn_ok(std::string_view digits);
bool hong_kong_ok(std::string_view id);  // A1234563: one or two letters, six digits, check
bool taiwan_ok(std::string_view id);     // A123456789; also the resident certificates with 8 or 9 in second place
bool taiwan_firm_ok(std::string_view eight);
bool uscc_ok(std::string_view eighteen);
bool organisation_ok(std::string_view nine);
bool vin_ok(std::string_view seventeen);
bool iban_ok(std::string_view iban);
// The check digit of a machine-readable zone field ([A-Z0-9<]); 0 for another character.
char mrz_check(std::string_view field);

}  // namespace cloister::datatypes::internal
