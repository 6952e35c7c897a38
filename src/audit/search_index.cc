#include "audit/search_index.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <thread>

#include "base/text.h"
#include "crypto/hash.h"
#include "store/journal/files.h"

namespace cloister::audit {
namespace fs = std::filesystem;
namespace {

constexpr store::Migration kMigrations[] = {{1, "terms and times",
                                             "CREATE TABLE terms (kind {int} NOT NULL, key {int} NOT NULL,"
                                             " position {int} NOT NULL, PRIMARY KEY (kind, key, position)) {clustered};"
                                             "CREATE TABLE blocks (block {int} PRIMARY KEY, first {int} NOT NULL,"
                                             " last {int} NOT NULL);"
                                             "CREATE TABLE mark (id {int} PRIMARY KEY, indexed {int} NOT NULL,"
                                             " boot {text} NOT NULL);"
                                             "INSERT INTO mark (id, indexed, boot) VALUES (1, 0, '')"}};

// Background work must not slow down a read of customer data. The priority of a thread is inherited by those it starts.
constexpr int kLowPriority = 10;

// Bounds one call where two common terms seldom meet: some 50 milliseconds.
constexpr std::size_t kMaxSteps = 10'000;

std::int64_t as_int(std::uint64_t value) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX));
}

// Changes with every start of the machine: what was written without a sync since then is intact, also when the process
// died.
std::string boot_id() {
    std::array<std::byte, 64> text;
    const auto fd = store::open_for_reading("/proc/sys/kernel/random/boot_id");
    if (!fd) return "unknown";
    const auto got = store::read_at(*fd, 0, text);
    return got ? std::string(trim(as_text({text.data(), *got}))) : "unknown";
}

void remove_database(const fs::path& file) {
    std::error_code ignored;  // opening reports what matters
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(fs::path(file.string() + suffix), ignored);
}

Result<std::unique_ptr<store::Database>> open_database(const fs::path& file) {
    Result<std::unique_ptr<store::Database>> opened = Error(ErrorCode::unavailable);
    std::thread([&] {
        setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kLowPriority);
        opened = store::open_sqlite({.file = file, .create = true, .durable = false, .cache_kib = 8192});
        if (!opened) return;
        if (auto migrated = (*opened)->migrate("audit-index", kMigrations); !migrated) opened = migrated.error();
    }).join();
    return opened;
}

struct Mark {
    std::uint64_t indexed = 0;
    std::string boot;
};

Result<Mark> read_mark(store::Database& data) {
    Mark mark;
    CLOISTER_RETURN_IF_ERROR(data.read([&](store::Snapshot& snapshot) {
        return snapshot.query("SELECT indexed, boot FROM mark", {}, [&](const store::Row& row) {
            mark = {static_cast<std::uint64_t>(row.integer(0)), std::string(row.text(1))};
            return false;
        });
    }));
    return mark;
}

Result<void> write_boot(store::Database& data, const std::string& boot) {
    return data.write([boot](store::Transaction& transaction) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(transaction.execute("UPDATE mark SET boot = $1", {std::string_view(boot)}));
        return {};
    });
}

struct TermRow {
    Term term;
    std::uint64_t position;

    auto operator<=>(const TermRow&) const = default;
};

void add_terms(std::vector<TermRow>& rows, const Entry& entry, std::uint64_t position) {
    const auto add = [&](TermKind kind, std::string_view text) {
        if (!text.empty()) rows.push_back({term_of(kind, text), position});
    };
    add(TermKind::actor, entry.actor);
    add(TermKind::purpose, entry.purpose);
    add(TermKind::action, entry.action);
    for (const CustomerId& customer : entry.customers) rows.push_back({term_of(customer), position});
    for (const RecordChange& change : entry.changes) rows.push_back({term_of(change.customer), position});
}

struct Span {
    std::int64_t first = INT64_MAX;
    std::int64_t last = INT64_MIN;
};

using Blocks = std::map<std::uint64_t, Span>;

Result<void> write_rows(store::Transaction& transaction, const std::vector<TermRow>& rows, const Blocks& blocks,
                        std::uint64_t indexed) {
    for (const TermRow& row : rows)
        CLOISTER_RETURN_IF_ERROR(
            transaction.execute("INSERT INTO terms (kind, key, position) VALUES ($1, $2, $3)",
                                {static_cast<std::int64_t>(row.term.kind), row.term.key, as_int(row.position)}));
    for (const auto& [block, span] : blocks)
        CLOISTER_RETURN_IF_ERROR(transaction.execute(
            "INSERT INTO blocks (block, first, last) VALUES ($1, $2, $3) ON CONFLICT (block) DO UPDATE SET"
            " first = min(blocks.first, excluded.first), last = max(blocks.last, excluded.last)",
            {as_int(block), span.first, span.last}));
    CLOISTER_RETURN_IF_ERROR(transaction.execute("UPDATE mark SET indexed = $1", {as_int(indexed)}));
    return {};
}

}  // namespace

Term term_of(TermKind kind, std::string_view text) {
    return {kind, load_be<std::int64_t>(crypto::sha256(as_bytes(text)).data())};
}
Term term_of(const CustomerId& customer) {
    return {TermKind::customer, load_be<std::int64_t>(crypto::sha256(customer.bytes()).data())};
}

Result<std::unique_ptr<SearchIndex>> SearchIndex::open(const fs::path& file, std::uint64_t journal_size) {
    const std::string boot = boot_id();
    for (const bool last_try : {false, true}) {
        auto data = open_database(file);
        if (data) {
            const auto mark = read_mark(**data);
            const bool trusted = mark && mark->indexed <= journal_size && (mark->boot == boot || mark->boot.empty()) &&
                                 boot != "unknown";
            if (trusted || (mark && mark->indexed == 0)) {
                CLOISTER_RETURN_IF_ERROR(write_boot(**data, boot));
                return std::unique_ptr<SearchIndex>(new SearchIndex(file, *std::move(data), mark->indexed));
            }
        }
        if (last_try) return data ? Error(ErrorCode::corrupt, "audit index: cannot be made anew") : data.error();
        if (data) *data = nullptr;
        remove_database(file);
    }
    return Error(ErrorCode::internal);
}

SearchIndex::~SearchIndex() {
    // Once everything is on stable storage, the index may be trusted after the machine was started again.
    if (!write_boot(*data_, "") || !data_->checkpoint_and_truncate()) return;
    if (const auto fd = store::open_for_reading(file_); fd && !store::system_files().sync(*fd)) remove_database(file_);
}

Result<void> SearchIndex::add(std::span<const Entry> entries) {
    std::vector<TermRow> rows;
    Blocks blocks;
    std::uint64_t position = indexed_;
    for (const Entry& entry : entries) {
        add_terms(rows, entry, position);
        Span& span = blocks[position / kBlock];
        span.first = std::min(span.first, to_unix_micros(entry.time));
        span.last = std::max(span.last, to_unix_micros(entry.time));
        ++position;
    }
    // In the order of the table: a B-tree fed at random falls to a fraction of its speed once it is large.
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    CLOISTER_RETURN_IF_ERROR(
        data_->write([&](store::Transaction& transaction) { return write_rows(transaction, rows, blocks, position); }));
    indexed_ = position;
    return {};
}

Result<SearchIndex::Positions> SearchIndex::positions(std::span<const Term> terms, std::uint64_t before,
                                                      std::size_t most) const {
    CLOISTER_ASSERT(!terms.empty());
    // Every term's list is descended together: the candidate falls to the next position of one term after the other
    // until all agree, so the rarest term sets the pace.
    Positions found;
    CLOISTER_RETURN_IF_ERROR(data_->read([&](store::Snapshot& snapshot) -> Result<void> {
        std::uint64_t below = before;  // the next position is looked for strictly below
        std::size_t agreeing = 0;
        for (std::size_t step = 0; found.positions.size() < most && step < kMaxSteps; ++step) {
            const Term& term = terms[step % terms.size()];
            CLOISTER_ASSIGN_OR_RETURN(
                const auto next,
                snapshot.first("SELECT position FROM terms WHERE kind = $1 AND key = $2 AND position < $3"
                               " ORDER BY position DESC LIMIT 1",
                               {static_cast<std::int64_t>(term.kind), term.key, as_int(below)},
                               [](const store::Row& row) { return static_cast<std::uint64_t>(row.integer(0)); }));
            if (!next) {
                below = 0;
                break;
            }
            agreeing = agreeing != 0 && *next + 1 == below ? agreeing + 1 : 1;
            below = *next + 1;
            if (agreeing < terms.size()) continue;
            found.positions.push_back(*next);
            below = *next;
            agreeing = 0;
        }
        found.reached = below;
        return {};
    }));
    return found;
}

Result<std::optional<std::uint64_t>> SearchIndex::block_within(std::optional<Time> from, std::optional<Time> until,
                                                               std::uint64_t before) const {
    std::optional<std::uint64_t> block;
    CLOISTER_RETURN_IF_ERROR(data_->read([&](store::Snapshot& snapshot) -> Result<void> {
        CLOISTER_ASSIGN_OR_RETURN(
            block, snapshot.first("SELECT block FROM blocks WHERE block < $1 AND last >= $2 AND first < $3"
                                  " ORDER BY block DESC LIMIT 1",
                                  {as_int(before), from ? to_unix_micros(*from) : INT64_MIN,
                                   until ? to_unix_micros(*until) : INT64_MAX},
                                  [](const store::Row& row) { return static_cast<std::uint64_t>(row.integer(0)); }));
        return {};
    }));
    return block;
}

}  // namespace cloister::audit
