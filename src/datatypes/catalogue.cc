// All types, and how one is found by its key.
#include <deque>
#include <unordered_map>

#include "datatypes/datatype.h"
#include "datatypes/spec.h"

namespace cloister::datatypes {
namespace internal {
namespace {

constexpr std::string_view kHidden = "***";

class SpecType final : public DataType {
 public:
    explicit SpecType(const TypeSpec& spec) : spec_(spec) {}

    std::string_view key() const override { return spec_.titles.key; }
    std::string_view title_en() const override { return spec_.titles.en; }
    std::string_view title_zh_hans() const override { return spec_.titles.zh_hans; }
    std::string_view title_zh_hant() const override { return spec_.titles.zh_hant; }
    Shape shape() const override { return spec_.shape; }
    int default_grade() const override { return spec_.grade; }
    bool sensitive() const override {
        return spec_.sensitive == Sensitive::by_law || spec_.sensitive == Sensitive::by_profile;
    }
    bool storable() const override { return spec_.storable == Storable::yes; }
    std::string_view retention() const override { return spec_.retention; }

    Result<std::string> canonical(std::string_view input) const override {
        if (!storable()) return Error(ErrorCode::invalid_argument, "values of this kind are never stored");
        return spec_.canonical(input);
    }
    std::string normalise(std::string_view text) const override {
        return spec_.normalise == nullptr || !is_canonical(text) ? std::string(text) : spec_.normalise(text);
    }
    std::string mask(std::string_view text) const override {
        if (!is_canonical(text)) return std::string(kHidden);
        return spec_.mask == nullptr ? std::string(text) : spec_.mask(text);
    }
    int levels() const override { return static_cast<int>(spec_.ladder.size()) + 2; }
    std::string generalise(std::string_view text, int level) const override {
        if (level <= 0) return std::string(text);
        if (level >= levels() - 1 || !is_canonical(text)) return "*";
        return spec_.ladder[static_cast<std::size_t>(level - 1)](text);
    }

 private:
    // Masks and ladders may assume the form that canonical() made: nothing else gets to them.
    bool is_canonical(std::string_view text) const {
        const auto again = canonical(text);
        return again.has_value() && *again == text;
    }

    const TypeSpec& spec_;
};

struct Catalogue {
    Catalogue() {
        for (auto* rows : {&generic_types, &basic_types, &government_id_types, &contact_types, &online_types,
                           &transaction_types, &preference_types, &feedback_types, &sensitive_types})
            for (TypeSpec& spec : (*rows)()) specs.push_back(std::move(spec));
        for (const TypeSpec& spec : specs) {
            types.emplace_back(spec);
            pointers.push_back(&types.back());
            const bool fresh = by_key.emplace(spec.titles.key, &types.back()).second;
            CLOISTER_ASSERT(fresh);
        }
    }
    std::vector<TypeSpec> specs;
    std::deque<SpecType> types;
    std::vector<const DataType*> pointers;
    std::unordered_map<std::string_view, const DataType*> by_key;
};

const Catalogue& catalogue() {
    static const Catalogue instance;
    return instance;
}

}  // namespace

std::span<const TypeSpec> all_specs() { return catalogue().specs; }

}  // namespace internal

const DataType* find_type(std::string_view key) {
    const auto& by_key = internal::catalogue().by_key;
    const auto found = by_key.find(key);
    return found == by_key.end() ? nullptr : found->second;
}

std::span<const DataType* const> all_types() { return internal::catalogue().pointers; }

}  // namespace cloister::datatypes
