#include "datatypes/check_digits.h"

#include <array>

#include "datatypes/text_tools.h"

namespace cloister::datatypes::internal {
namespace {

int value_of(char digit) { return digit - '0'; }
// 0 .. 9, A = 10 .. Z = 35; -1 for anything else.
int base36(char c) {
    if (is_digit(c)) return value_of(c);
    return is_upper(c) ? c - 'A' + 10 : -1;
}

}  // namespace

char resident_check(std::string_view seventeen) {
    static constexpr std::array<int, 17> kWeights = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    if (seventeen.size() != 17 || !all_digits(seventeen)) return 0;
    int sum = 0;
    for (std::size_t i = 0; i < 17; ++i) sum += value_of(seventeen[i]) * kWeights[i];
    return "10X98765432"[sum % 11];
}

bool resident_ok(std::string_view eighteen) {
    return eighteen.size() == 18 && all_digits(eighteen.substr(0, 17)) &&
           resident_check(eighteen.substr(0, 17)) == eighteen[17];
}

bool luhn_ok(std::string_view digits) {
    if (!all_digits(digits)) return false;
    int sum = 0;
    bool twice = false;
    for (std::size_t i = digits.size(); i-- > 0; twice = !twice) {
        int value = value_of(digits[i]);
        if (twice) value = value > 4 ? 2 * value - 9 : 2 * value;
        sum += value;
    }
    return sum % 10 == 0;
}

bool hong_kong_ok(std::string_view id) {
    if (id.size() != 8 && id.size() != 9) return false;
    const std::size_t letters = id.size() - 7;
    int sum = letters == 1 ? 36 * 9 : 0;
    int weight = letters == 1 ? 8 : 9;
    for (std::size_t i = 0; i + 1 < id.size(); ++i, --weight) {
        if (i < letters ? !is_upper(id[i]) : !is_digit(id[i])) return false;
        sum += base36(id[i]) * weight;
    }
    const int check = (11 - sum % 11) % 11;
    return id.back() == (check == 10 ? 'A' : static_cast<char>('0' + check));
}

bool taiwan_ok(std::string_view id) {
    static constexpr std::string_view kOrder = "ABCDEFGHJKLMNPQRSTUVXYWZIO";
    static constexpr std::array<int, 9> kWeights = {8, 7, 6, 5, 4, 3, 2, 1, 1};
    if (id.size() != 10 || !is_upper(id[0]) || !all_digits(id.substr(1))) return false;
    const int letter = static_cast<int>(kOrder.find(id[0])) + 10;
    int sum = letter / 10 + letter % 10 * 9;
    for (std::size_t i = 0; i < 9; ++i) sum += value_of(id[i + 1]) * kWeights[i];
    return sum % 10 == 0;
}

bool taiwan_firm_ok(std::string_view eight) {
    static constexpr std::array<int, 8> kWeights = {1, 2, 1, 2, 1, 2, 4, 1};
    if (eight.size() != 8 || !all_digits(eight)) return false;
    int sum = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        const int product = value_of(eight[i]) * kWeights[i];
        sum += product / 10 + product % 10;
    }
    // A 7 in seventh place gives 28 -> 10, of which either digit may be the one that is counted.
    return sum % 5 == 0 || (eight[6] == '7' && (sum + 1) % 5 == 0);
}

bool uscc_ok(std::string_view eighteen) {
    static constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    if (eighteen.size() != 18) return false;
    std::size_t sum = 0;
    std::size_t weight = 1;
    for (std::size_t i = 0; i < 17; ++i, weight = weight * 3 % 31) {
        const std::size_t value = kAlphabet.find(eighteen[i]);
        if (value == std::string_view::npos) return false;
        sum += value * weight;
    }
    return kAlphabet[(31 - sum % 31) % 31] == eighteen[17];
}

bool organisation_ok(std::string_view nine) {
    static constexpr std::array<int, 8> kWeights = {3, 7, 9, 10, 5, 8, 4, 2};
    if (nine.size() != 9) return false;
    int sum = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        if (base36(nine[i]) < 0) return false;
        sum += base36(nine[i]) * kWeights[i];
    }
    return nine[8] == "0X987654321"[sum % 11];
}

bool vin_ok(std::string_view seventeen) {
    static constexpr std::string_view kLetters = "ABCDEFGHJKLMNPRSTUVWXYZ";
    static constexpr std::string_view kValues = "12345678123457923456789";
    static constexpr std::array<int, 17> kWeights = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
    if (seventeen.size() != 17) return false;
    int sum = 0;
    for (std::size_t i = 0; i < 17; ++i) {
        const char c = seventeen[i];
        const std::size_t letter = kLetters.find(c);
        if (!is_digit(c) && letter == std::string_view::npos) return false;
        sum += value_of(is_digit(c) ? c : kValues[letter]) * kWeights[i];
    }
    return seventeen[8] == "0123456789X"[sum % 11];
}

bool iban_ok(std::string_view iban) {
    if (iban.size() < 15 || iban.size() > 34 || !is_upper(iban[0]) || !is_upper(iban[1]) ||
        !all_digits(iban.substr(2, 2)))
        return false;
    int remainder = 0;
    for (std::size_t i = 0; i < iban.size(); ++i) {
        const int value = base36(iban[(i + 4) % iban.size()]);
        if (value < 0) return false;
        remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
    }
    return remainder == 1;
}

char mrz_check(std::string_view field) {
    static constexpr std::array<int, 3> kWeights = {7, 3, 1};
    int sum = 0;
    for (std::size_t i = 0; i < field.size(); ++i) {
        const int value = field[i] == '<' ? 0 : base36(field[i]);
        if (value < 0) return 0;
        sum = (sum + value * kWeights[i % 3]) % 10;
    }
    return static_cast<char>('0' + sum);
}

}  // namespace cloister::datatypes::internal
