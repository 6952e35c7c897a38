// Searching: blind-index rows give candidates, the audit entry names them all, then each is opened and compared.
#include <algorithm>
#include <iterator>

#include "records/condition.h"
#include "records/core.h"

namespace cloister::records {
namespace {

constexpr std::size_t kMaxConditions = 8;
// Index rows read for one token of one page; beyond it the page ends early with a cursor.
constexpr std::size_t kMaxPostings = 50'000;

// Customers in ascending order, and up to where the list is complete (nothing: to the end).
struct Candidates {
    std::vector<CustomerId> ids;
    std::optional<CustomerId> complete_to;

    void intersect(const Candidates& other) {
        std::vector<CustomerId> both;
        std::set_intersection(ids.begin(), ids.end(), other.ids.begin(), other.ids.end(), std::back_inserter(both));
        ids = std::move(both);
        limit_to(other.complete_to);
    }
    void unite(const Candidates& other) {
        std::vector<CustomerId> all;
        std::set_union(ids.begin(), ids.end(), other.ids.begin(), other.ids.end(), std::back_inserter(all));
        ids = std::move(all);
        limit_to(other.complete_to);
    }
    void limit_to(std::optional<CustomerId> bound) {
        if (bound && (!complete_to || *bound < *complete_to)) complete_to = bound;
        if (complete_to) ids.erase(std::upper_bound(ids.begin(), ids.end(), *complete_to), ids.end());
    }
};

Result<Candidates> postings(store::Snapshot& snapshot, std::uint16_t slot, std::uint64_t token, CustomerId after,
                            std::size_t limit) {
    Candidates found;
    CLOISTER_RETURN_IF_ERROR(
        snapshot.query("SELECT DISTINCT customer FROM blind_index WHERE slot = $1 AND token = $2 AND customer > $3 "
                       "ORDER BY customer LIMIT $4",
                       {std::int64_t{slot}, sql(token), after.bytes(), sql(limit)}, [&](const store::Row& row) {
                           if (const auto id = CustomerId::from_bytes(row.blob(0))) found.ids.push_back(*id);
                           return true;
                       }));
    if (found.ids.size() == limit) found.complete_to = found.ids.back();
    return found;
}

Result<Candidates> candidates_of(store::Snapshot& snapshot, const Matcher& matcher, CustomerId after,
                                 std::size_t limit) {
    Candidates result;
    bool first = true;
    for (const std::uint64_t token : matcher.all_of()) {
        CLOISTER_ASSIGN_OR_RETURN(Candidates more, postings(snapshot, matcher.slot(), token, after, limit));
        if (first)
            result = std::move(more);
        else
            result.intersect(more);
        first = false;
        if (result.ids.empty() && !result.complete_to) break;
    }
    for (const std::uint64_t token : matcher.any_of()) {
        CLOISTER_ASSIGN_OR_RETURN(const Candidates more, postings(snapshot, matcher.slot(), token, after, limit));
        result.unite(more);
    }
    return result;
}

// The customer's records that the index says may match.
Result<std::vector<RecordId>> records_for(store::Snapshot& snapshot, const Matcher& matcher, CustomerId customer) {
    std::vector<RecordId> records;
    if (!matcher.place().collection->many) return std::vector<RecordId>{RecordId()};
    const auto& tokens = matcher.all_of().empty() ? matcher.any_of() : matcher.all_of();
    const std::size_t count = matcher.all_of().empty() ? tokens.size() : 1;
    for (std::size_t i = 0; i < count; ++i)
        CLOISTER_RETURN_IF_ERROR(snapshot.query(
            "SELECT record FROM blind_index WHERE slot = $1 AND token = $2 AND customer = $3",
            {std::int64_t{matcher.slot()}, sql(tokens[i]), customer.bytes()}, [&](const store::Row& row) {
                if (const auto id = RecordId::from_bytes(row.blob(0))) records.push_back(*id);
                return true;
            }));
    return records;
}

// Sealed rows by matcher, for one customer.
using Evidence = std::vector<std::vector<RecordRow>>;

Result<Evidence> evidence_for(store::Snapshot& snapshot, const std::vector<Matcher>& matchers, CustomerId customer) {
    Evidence evidence;
    for (const Matcher& matcher : matchers) {
        std::vector<RecordRow> rows;
        CLOISTER_ASSIGN_OR_RETURN(const auto records, records_for(snapshot, matcher, customer));
        for (const RecordId& record : records) {
            CLOISTER_ASSIGN_OR_RETURN(auto row,
                                      find_record(snapshot, customer, matcher.place().collection->number, record));
            if (row) rows.push_back(std::move(*row));
        }
        evidence.push_back(std::move(rows));
    }
    return evidence;
}

Result<bool> any_holds(const Records::Core& core, CustomerId customer, const keys::CustomerKeys& opened,
                       const Matcher& matcher, const std::vector<RecordRow>& rows) {
    const crypto::DataKey* key = opened.find(matcher.place().collection->number);
    if (key == nullptr) return false;
    crypto::Aead aead(*key);
    for (const RecordRow& row : rows) {
        CLOISTER_ASSIGN_OR_RETURN(const SealedRecord sealed, SealedRecord::parse(row.sealed));
        CLOISTER_ASSIGN_OR_RETURN(const auto text,
                                  sealed.open(aead, core.address(customer, row), matcher.place().field->number));
        if (text && matcher.holds(text->reveal())) return true;
    }
    return false;
}

Result<bool> all_hold(const Records::Core& core, CustomerId customer, const keys::CustomerKeys& opened,
                      const std::vector<Matcher>& matchers, const Evidence& evidence) {
    for (std::size_t i = 0; i < matchers.size(); ++i) {
        CLOISTER_ASSIGN_OR_RETURN(const bool holds, any_holds(core, customer, opened, matchers[i], evidence[i]));
        if (!holds) return false;
    }
    return true;
}

Result<std::vector<Matcher>> matchers_for(Records::Core& core, Call& call, const Schema& schema,
                                          const std::vector<Condition>& where) {
    const auto problem = [&](std::size_t i, std::string_view member, std::string reason) {
        call.problems.push_back({"where[" + std::to_string(i) + "]." + std::string(member), reason});
        return Error(ErrorCode::invalid_argument, std::move(reason));
    };
    if (where.empty() || where.size() > kMaxConditions) {
        call.problems.push_back({"where", "1 to 8 conditions"});
        return Error(ErrorCode::invalid_argument, "1 to 8 conditions");
    }
    std::vector<Matcher> matchers;
    for (std::size_t i = 0; i < where.size(); ++i) {
        const Schema::Place place = schema.place(where[i].field);
        if (place.field == nullptr) return problem(i, "field", "no such field");
        auto matcher = Matcher::make(place, where[i], core.index);
        if (!matcher) return problem(i, "value", matcher.error().detail());
        matchers.push_back(std::move(*matcher));
    }
    return matchers;
}

}  // namespace

Result<SearchPage> Records::search(Call& call, const SearchRequest& request, Audited audited) {
    constexpr auto kAction = policy::Action::customer_search;
    Core& core = *core_;
    const auto refuse = [&](const Error& error) {
        core.audit.append(core.refusal(call, kAction, error), std::move(audited));
        return error;
    };
    const auto schema = core.rules.schema();

    // Two decisions: may these fields be searched by, and what may be shown of those found.
    Selection by;
    for (const Condition& condition : request.where)
        if (schema->place(condition.field).field != nullptr) by.paths.push_back(condition.field);
    const auto by_fields = core.resolve(call, *schema, by);
    if (!by_fields) return refuse(by_fields.error());
    const auto searchable = core.decide(call, kAction, *by_fields, 1);
    if (!searchable) return refuse(searchable.error());
    for (std::size_t i = 0; i < searchable->effects.size() && by_fields->named; ++i)
        if (searchable->effects[i] >= policy::Effect::token) {
            call.denial =
                searchable->why[i] == policy::Denial::none ? policy::Denial::field_not_needed : searchable->why[i];
            const Schema::Place& place = by_fields->places[i];
            call.explanation = "This purpose does not need " + place.collection->name + "." + place.field->name +
                               ", so it cannot be searched by.";
            return refuse(Error(ErrorCode::forbidden, call.explanation));
        }
    const auto matchers = matchers_for(core, call, *schema, request.where);
    if (!matchers) return refuse(matchers.error());
    const auto fields = core.resolve(call, *schema, request.selection);
    if (!fields) return refuse(fields.error());
    const auto decision = core.decide(call, kAction, *fields, 0);
    if (!decision) return refuse(decision.error());
    const std::size_t limit = std::clamp<std::size_t>(request.limit, 1, kMaxPage);

    // Candidates of this page, with everything that is needed to compare and show them, from one snapshot.
    struct Plan {
        CustomerId customer;
        std::uint64_t version = 0;
        Evidence evidence;
        std::vector<Core::Loaded> loaded;
    };
    std::vector<Plan> plans;
    SearchPage page;
    const auto collections = wanted(*schema, *fields, *decision);
    const auto loaded = core.data.read([&](store::Snapshot& snapshot) -> Result<void> {
        Candidates candidates;
        const std::size_t postings_limit =
            matchers->size() == 1 && matchers->front().all_of().size() == 1 ? kEntryCustomers + 1 : kMaxPostings;
        for (std::size_t i = 0; i < matchers->size(); ++i) {
            CLOISTER_ASSIGN_OR_RETURN(
                Candidates more,
                candidates_of(snapshot, (*matchers)[i], request.after.value_or(CustomerId()), postings_limit));
            if (i == 0)
                candidates = std::move(more);
            else
                candidates.intersect(more);
        }
        if (candidates.ids.size() > kEntryCustomers) {
            candidates.ids.resize(kEntryCustomers);
            page.next = candidates.ids.back();
        } else {
            page.next = candidates.complete_to;
        }
        for (const CustomerId& customer : candidates.ids) {
            CLOISTER_ASSIGN_OR_RETURN(const auto row, find_customer(snapshot, customer));
            if (!row || row->state != CustomerState::active) continue;
            Plan plan{customer, row->version, {}, {}};
            CLOISTER_ASSIGN_OR_RETURN(plan.evidence, evidence_for(snapshot, *matchers, customer));
            CLOISTER_ASSIGN_OR_RETURN(plan.loaded, load_all(snapshot, customer, collections));
            plans.push_back(std::move(plan));
            if (plans.size() > limit * 2 + 16 && &customer != &candidates.ids.back()) {
                page.next = customer;  // enough for a page; the rest is the next page's
                break;
            }
        }
        return {};
    });
    if (!loaded) return refuse(loaded.error());

    audit::Entry entry = core.entry(call, kAction);
    for (const Plan& plan : plans) entry.customers.push_back(plan.customer);
    std::string by_what;
    for (const Condition& condition : request.where)
        by_what += (by_what.empty() ? "" : ", ") + condition.field + " " + condition.op;
    entry.details.emplace_back("by", std::move(by_what));
    for (std::size_t i = 0; i < fields->places.size(); ++i)
        if (decision->effects[i] < policy::Effect::token)
            entry.fields.emplace_back(fields->places[i].collection->name + "." + fields->places[i].field->name,
                                      to_string(decision->effects[i]));
    core.audit.append(entry, std::move(audited));

    for (const Plan& plan : plans) {
        const auto opened = core.keys.find(plan.customer);
        if (!opened && opened.error().code() == ErrorCode::not_found) continue;  // erased in between
        if (!opened) return opened.error();
        CLOISTER_ASSIGN_OR_RETURN(const bool holds, all_hold(core, plan.customer, **opened, *matchers, plan.evidence));
        if (!holds) continue;
        if (page.customers.size() == limit) {
            page.next = page.customers.back().customer;
            break;
        }
        CLOISTER_ASSIGN_OR_RETURN(CustomerView view, core.open_customer(plan.customer, plan.version, plan.loaded,
                                                                        *opened, *fields, *decision, schema));
        page.customers.push_back(std::move(view));
    }
    return page;
}

Result<std::vector<CustomerId>> Records::match(const Schema::Place& place, std::string_view canonical,
                                               std::size_t limit) {
    CLOISTER_ASSIGN_OR_RETURN(Matcher matcher, Matcher::equals(place, canonical, core_->index));
    const std::vector<Matcher> matchers{std::move(matcher)};
    std::vector<std::pair<CustomerId, Evidence>> candidates;
    CLOISTER_RETURN_IF_ERROR(core_->data.read([&](store::Snapshot& snapshot) -> Result<void> {
        CLOISTER_ASSIGN_OR_RETURN(const Candidates ids, candidates_of(snapshot, matchers.front(), CustomerId(), 1'000));
        for (const CustomerId& id : ids.ids) {
            CLOISTER_ASSIGN_OR_RETURN(auto evidence, evidence_for(snapshot, matchers, id));
            candidates.emplace_back(id, std::move(evidence));
        }
        return {};
    }));
    std::vector<CustomerId> found;
    for (const auto& [id, evidence] : candidates) {
        const auto opened = core_->keys.find(id);
        if (!opened && opened.error().code() == ErrorCode::not_found) continue;
        if (!opened) return opened.error();
        CLOISTER_ASSIGN_OR_RETURN(const bool holds, all_hold(*core_, id, **opened, matchers, evidence));
        if (holds) found.push_back(id);
        if (found.size() == limit) break;
    }
    return found;
}

}  // namespace cloister::records
