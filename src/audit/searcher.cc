#include "audit/searcher.h"

#include <algorithm>

namespace cloister::audit {
namespace {

constexpr std::uint64_t kChunk = SearchIndex::kBlock;
// What one page may look at: about a tenth of a second. A caller goes on with Page::next.
constexpr std::uint64_t kMaxScanned = 64 * kChunk;
constexpr std::size_t kMaxCandidates = 2'000;
constexpr std::size_t kCandidatesPerQuery = 100;

bool names(const Entry& entry, const CustomerId& customer) {
    return std::find(entry.customers.begin(), entry.customers.end(), customer) != entry.customers.end() ||
           std::any_of(entry.changes.begin(), entry.changes.end(),
                       [&](const RecordChange& change) { return change.customer == customer; });
}

// What a query asks of an entry.
class Filter {
 public:
    explicit Filter(const Query& query) : query_(query) {
        // Entries have one spelling only, so what must match can be looked for before anything is parsed. Text that
        // JSON escapes is left to the parser.
        add_needle("\"actor\":\"", query.actor);
        add_needle("\"purpose\":\"", query.purpose);
        add_needle("\"action\":\"", query.action);
        if (query.customer) needles_.push_back("\"" + query.customer->to_string() + "\"");
    }

    // The entry, when it matches.
    Result<std::optional<Entry>> apply(ByteView payload) const {
        const std::string_view text = as_text(payload);
        for (const std::string& needle : needles_)
            if (text.find(needle) == std::string_view::npos) return std::optional<Entry>();
        CLOISTER_ASSIGN_OR_RETURN(Entry entry, decode(payload));
        if (!matches(entry)) return std::optional<Entry>();
        return std::optional<Entry>(std::move(entry));
    }

    std::vector<Term> terms() const {
        std::vector<Term> terms;
        if (query_.customer) terms.push_back(term_of(*query_.customer));
        if (!query_.actor.empty()) terms.push_back(term_of(TermKind::actor, query_.actor));
        if (!query_.purpose.empty()) terms.push_back(term_of(TermKind::purpose, query_.purpose));
        if (!query_.action.empty()) terms.push_back(term_of(TermKind::action, query_.action));
        return terms;
    }

 private:
    void add_needle(std::string_view name, const std::string& value) {
        const bool plain = std::all_of(value.begin(), value.end(),
                                       [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
        if (!value.empty() && plain) needles_.push_back(std::string(name) + value + "\"");
    }
    bool matches(const Entry& entry) const {
        return (query_.actor.empty() || entry.actor == query_.actor) &&
               (query_.purpose.empty() || entry.purpose == query_.purpose) &&
               (query_.action.empty() || entry.action == query_.action) &&
               (!query_.from || entry.time >= *query_.from) && (!query_.until || entry.time < *query_.until) &&
               (!query_.customer || names(entry, *query_.customer));
    }

    const Query& query_;
    std::vector<std::string> needles_;
};

class Search {
 public:
    Search(const store::Journal& journal, const SearchIndex* index, const Query& query)
        : journal_(journal),
          index_(index),
          query_(query),
          filter_(query),
          limit_(std::clamp<std::size_t>(query.limit, 1, kMaxSearchLimit)),
          cursor_(std::min(query.before, journal.size())) {}

    Result<Page> run() {
        const std::uint64_t indexed = index_ == nullptr ? 0 : std::min(index_->indexed(), journal_.size());
        CLOISTER_RETURN_IF_ERROR(scan_down_to(indexed));
        if (!stopped() && cursor_ > 0) {
            const std::vector<Term> terms = filter_.terms();
            CLOISTER_RETURN_IF_ERROR(terms.empty() ? scan_blocks() : follow(terms));
        }
        if (cursor_ > 0) page_.next = cursor_;
        return std::move(page_);
    }

 private:
    bool full() const { return page_.found.size() >= limit_; }
    bool stopped() const { return full() || scanned_ >= kMaxScanned || candidates_ >= kMaxCandidates; }

    Result<void> scan_down_to(std::uint64_t floor) {
        while (cursor_ > floor && !stopped()) {
            const std::uint64_t begin = std::max(floor, (cursor_ - 1) / kChunk * kChunk);
            CLOISTER_RETURN_IF_ERROR(scan_chunk(begin));
        }
        return {};
    }

    // Looks at [begin, cursor_) and moves the cursor down.
    Result<void> scan_chunk(std::uint64_t begin) {
        std::vector<Found> matches;
        std::optional<Error> failed;
        const std::uint64_t end = cursor_;
        CLOISTER_RETURN_IF_ERROR(journal_.read(begin, [&](const store::JournalEntry& item) {
            if (item.position >= end) return false;
            auto entry = filter_.apply(item.payload);
            if (!entry) {
                failed = entry.error().within("entry " + std::to_string(item.position));
                return false;
            }
            if (*entry) matches.push_back({item.position, **std::move(entry)});
            return item.position + 1 < end;
        }));
        if (failed) return *failed;
        scanned_ += end - begin;
        cursor_ = begin;
        while (!matches.empty() && !full()) {
            page_.found.push_back(std::move(matches.back()));
            matches.pop_back();
        }
        if (full()) cursor_ = page_.found.back().index;
        return {};
    }

    Result<void> scan_blocks() {
        while (cursor_ > 0 && !stopped()) {
            const std::uint64_t above = (cursor_ - 1) / SearchIndex::kBlock + 1;
            CLOISTER_ASSIGN_OR_RETURN(const auto block, index_->block_within(query_.from, query_.until, above));
            if (!block) {
                cursor_ = 0;
                return {};
            }
            cursor_ = std::min(cursor_, (*block + 1) * SearchIndex::kBlock);
            CLOISTER_RETURN_IF_ERROR(scan_chunk(*block * SearchIndex::kBlock));
        }
        return {};
    }

    Result<void> follow(const std::vector<Term>& terms) {
        while (cursor_ > 0 && !stopped()) {
            const std::size_t most = std::min(kCandidatesPerQuery, limit_ - page_.found.size());
            CLOISTER_ASSIGN_OR_RETURN(const SearchIndex::Positions next, index_->positions(terms, cursor_, most));
            for (const std::uint64_t position : next.positions) CLOISTER_RETURN_IF_ERROR(look_at(position));
            cursor_ = next.reached;
            candidates_ += kCandidatesPerQuery;  // finding none costs as much
        }
        return {};
    }

    Result<void> look_at(std::uint64_t position) {
        std::optional<Result<std::optional<Entry>>> entry;
        CLOISTER_RETURN_IF_ERROR(journal_.read(position, [&](const store::JournalEntry& item) {
            entry = filter_.apply(item.payload);
            return false;
        }));
        if (!entry) return Error(ErrorCode::corrupt, "the journal ends before entry " + std::to_string(position));
        if (!*entry) return entry->error().within("entry " + std::to_string(position));
        if (**entry) page_.found.push_back({position, ***std::move(entry)});
        return {};
    }

    const store::Journal& journal_;
    const SearchIndex* const index_;
    const Query& query_;
    const Filter filter_;
    const std::size_t limit_;
    std::uint64_t cursor_;  // everything at and above it is done
    std::uint64_t scanned_ = 0;
    std::size_t candidates_ = 0;
    Page page_;
};

}  // namespace

Result<Page> search_journal(const store::Journal& journal, const SearchIndex* index, const Query& query) {
    return Search(journal, index, query).run();
}

Result<Entry> read_entry(const store::Journal& journal, std::uint64_t position) {
    if (position >= journal.size()) return Error(ErrorCode::not_found, "the audit log has no such entry");
    Result<Entry> entry = Error(ErrorCode::corrupt, "the journal ends before its own size");
    CLOISTER_RETURN_IF_ERROR(journal.read(position, [&](const store::JournalEntry& item) {
        entry = decode(item.payload);
        return false;
    }));
    return entry;
}

}  // namespace cloister::audit
