#include "records/condition.h"

#include <algorithm>

namespace cloister::records {
namespace {

constexpr std::int64_t kMaxBuckets = 200;
constexpr std::size_t kMaxPiece = 200;  // code points of a searched piece

Error unfit(std::string what) { return Error(ErrorCode::invalid_argument, std::move(what)); }

std::string searchable_ways(const FieldDef& field) {
    std::string ways;
    for (const IndexDef& index : field.indexes) {
        if (!ways.empty()) ways += ", ";
        switch (index.kind) {
            case IndexKind::exact: ways += "equals"; break;
            case IndexKind::prefix: ways += "starts_with"; break;
            case IndexKind::suffix: ways += "ends_with"; break;
            case IndexKind::ngram: ways += "contains"; break;
            case IndexKind::bucket: ways += "between"; break;
        }
    }
    return ways.empty() ? "this field cannot be searched: it has no index" : "this field can be searched by " + ways;
}

struct Digits {
    bool negative = false;
    std::string_view whole;
    std::string_view fraction;
};

Digits digits_of(std::string_view text) {
    Digits d;
    text = text.substr(0, text.find(' '));
    if (text.starts_with('-')) {
        d.negative = true;
        text.remove_prefix(1);
    }
    const std::size_t dot = text.find('.');
    d.whole = text.substr(0, dot);
    if (dot != std::string_view::npos) d.fraction = text.substr(dot + 1);
    while (d.whole.size() > 1 && d.whole.front() == '0') d.whole.remove_prefix(1);
    while (!d.fraction.empty() && d.fraction.back() == '0') d.fraction.remove_suffix(1);
    if (d.whole == "0" && d.fraction.empty()) d.negative = false;
    return d;
}

int sign(int n) { return n < 0 ? -1 : n > 0 ? 1 : 0; }

}  // namespace

int compare_decimal(std::string_view a, std::string_view b) {
    const Digits x = digits_of(a);
    const Digits y = digits_of(b);
    if (x.negative != y.negative) return x.negative ? -1 : 1;
    int order =
        x.whole.size() != y.whole.size() ? (x.whole.size() < y.whole.size() ? -1 : 1) : sign(x.whole.compare(y.whole));
    if (order == 0) order = sign(x.fraction.compare(y.fraction));
    return x.negative ? -order : order;
}

Result<Matcher> Matcher::equals(const Schema::Place& place, std::string_view canonical, const BlindIndex& index) {
    const IndexDef* exact = place.field->index(IndexKind::exact);
    if (exact == nullptr) return unfit(searchable_ways(*place.field));
    Matcher m;
    m.place_ = place;
    m.slot_ = exact->slot;
    m.piece_ = Personal(place.field->type->normalise(canonical));
    m.all_of_ = {index.token(*exact, m.piece_.reveal())};
    return m;
}

Result<Matcher> Matcher::make(const Schema::Place& place, const Condition& condition, const BlindIndex& index) {
    const FieldDef& field = *place.field;
    if (condition.op == "equals") {
        const auto canonical = field.type->canonical(condition.value.reveal());
        if (!canonical) return unfit(canonical.error().detail());
        return equals(place, *canonical, index);
    }
    Matcher m;
    m.place_ = place;
    IndexKind kind = IndexKind::bucket;
    if (condition.op == "starts_with") {
        m.op_ = Op::starts_with;
        kind = IndexKind::prefix;
    } else if (condition.op == "ends_with") {
        m.op_ = Op::ends_with;
        kind = IndexKind::suffix;
    } else if (condition.op == "contains") {
        m.op_ = Op::contains;
        kind = IndexKind::ngram;
    } else if (condition.op == "between") {
        m.op_ = Op::between;
    } else {
        return unfit("op is one of equals, starts_with, ends_with, contains, between");
    }
    const IndexDef* def = field.index(kind);
    if (def == nullptr) return unfit(searchable_ways(field));
    m.slot_ = def->slot;
    if (m.op_ == Op::between) {
        const auto low = field.type->canonical(condition.value.reveal());
        const auto high = field.type->canonical(condition.upper.reveal());
        if (!low || !high) return unfit("between needs two values of the field's type");
        const auto from = bucket_of(field, *def, *low);
        const auto to = bucket_of(field, *def, *high);
        if (!from || !to || *from > *to) return unfit("between needs a lower and a higher value");
        if (*to - *from >= kMaxBuckets) return unfit("the range is too wide: narrow it");
        for (std::int64_t bucket = *from; bucket <= *to; ++bucket)
            m.any_of_.push_back(index.token(*def, std::to_string(bucket)));
        m.piece_ = Personal(*low);
        m.upper_ = Personal(*high);
        return m;
    }
    CLOISTER_ASSIGN_OR_RETURN(const std::string folded, datatypes::fold_text(condition.value.reveal()));
    m.piece_ = Personal(datatypes::fold_for_index(folded));
    const auto size = static_cast<std::size_t>(def->size);
    const std::size_t length = datatypes::count_code_points(m.piece_.reveal());
    if (length < size) return unfit("give at least " + std::to_string(size) + " characters");
    if (length > kMaxPiece) return unfit("at most 200 characters");
    if (m.op_ == Op::starts_with)
        m.all_of_ = {index.token(*def, datatypes::first_code_points(m.piece_.reveal(), size))};
    if (m.op_ == Op::ends_with) m.all_of_ = {index.token(*def, datatypes::last_code_points(m.piece_.reveal(), size))};
    if (m.op_ == Op::contains)
        for (const std::string& gram : datatypes::ngrams(m.piece_.reveal(), size))
            m.all_of_.push_back(index.token(*def, gram));
    return m;
}

bool Matcher::holds(std::string_view canonical) const {
    if (op_ == Op::between) {
        const auto shape = place_.field->type->shape();
        if (shape == datatypes::Shape::integer || shape == datatypes::Shape::decimal)
            return compare_decimal(piece_.reveal(), canonical) <= 0 && compare_decimal(canonical, upper_.reveal()) <= 0;
        return piece_.reveal() <= canonical && canonical <= upper_.reveal();
    }
    const std::string normalised = place_.field->type->normalise(canonical);
    switch (op_) {
        case Op::equals: return normalised == piece_.reveal();
        case Op::starts_with: return normalised.starts_with(piece_.reveal());
        case Op::ends_with: return normalised.ends_with(piece_.reveal());
        case Op::contains: return normalised.find(piece_.reveal()) != std::string::npos;
        case Op::between: break;
    }
    return false;
}

}  // namespace cloister::records
