#include "audit/log.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "audit/deriver.h"
#include "audit/outbox.h"
#include "audit/searcher.h"
#include "audit/tiles.h"

namespace cloister::audit {
namespace {

constexpr store::Migration kMigrations[] = {
    {1, "outbox", "CREATE TABLE audit_outbox (seq {int} PRIMARY KEY, entry {blob} NOT NULL)"}};

constexpr int kLowPriority = 10;
constexpr std::size_t kEntriesPerIndexBatch = 4096;  // bounds memory, and how long one transaction of the index takes
constexpr std::size_t kSmallestSegmentBytes = 256u << 10;  // the largest entry must fit into a segment

class JournaledLog final : public AuditLog {
 public:
    explicit JournaledLog(crypto::SigningKey key) : key_(std::move(key)) {}
    ~JournaledLog() override;

    Result<void> start(const LogOptions& options, store::Database& data);

    void append(const Entry& entry, UniqueFunction<void(Result<std::uint64_t>)> done) override;
    Result<void> record(store::Transaction& transaction, const Entry& entry) override {
        return record(transaction, entry, nullptr);
    }
    Result<void> record(store::Transaction& transaction, const Entry& entry, Outbox::OnIndex on_index) override;

    std::uint64_t size() const override { return journal_->size(); }
    Result<void> catch_up() override;

    Result<std::string> checkpoint() const override { return deriver_->newest()->note; }
    std::string verifier_key() const override { return verifier_key_; }
    Result<Bytes> tile(unsigned level, std::uint64_t index, unsigned width) const override;
    Result<Bytes> entry_bundle(std::uint64_t index, unsigned width) const override;
    Result<InclusionProof> prove_inclusion(std::uint64_t index, std::uint64_t tree_size) const override;
    Result<std::vector<Digest>> prove_consistency(std::uint64_t old_size, std::uint64_t new_size) const override;
    Result<std::uint64_t> checkpoint_size() const override { return deriver_->newest()->checkpoint.size; }

    Result<std::vector<Found>> search(const Query& query) const override;
    Result<Page> search_page(const Query& query) const override;
    Result<Entry> entry_at(std::uint64_t index) const override { return read_entry(*journal_, index); }

    bool writable() const override { return journal_->writable(); }
    std::optional<Error> fatal() const override {
        const MutexLock lock(mutex_);
        return fatal_;
    }

 private:
    Result<void> derive() CLOISTER_EXCLUDES(deriving_);
    Result<void> index_some(bool& done) CLOISTER_EXCLUDES(indexing_);
    Result<void> index_all();
    bool stopping() const {
        const MutexLock lock(mutex_);
        return stopping_;
    }
    // Runs `step` every `period` until the log is closed.
    void repeat(std::chrono::milliseconds period, const std::function<void()>& step);
    void note_fatal(const Error& error);
    auto hash_reader() const {
        return [this](unsigned level, std::uint64_t first, std::uint64_t count) {
            return deriver_->hashes().read(level, first, count);
        };
    }
    Result<void> check_within_checkpoint(std::uint64_t size) const;

    const crypto::SigningKey key_;
    std::string verifier_key_;
    // The journal's callbacks use the outbox, so the journal goes first.
    std::shared_ptr<Outbox> outbox_;
    std::unique_ptr<store::Journal> journal_;
    std::unique_ptr<Deriver> deriver_;
    std::unique_ptr<SearchIndex> index_;
    std::atomic<bool> index_usable_ = true;

    Mutex deriving_;
    Mutex indexing_;
    mutable Mutex mutex_;
    CondVar wake_;
    bool stopping_ CLOISTER_GUARDED_BY(mutex_) = false;
    std::optional<Error> fatal_ CLOISTER_GUARDED_BY(mutex_);
    std::thread derive_thread_;
    std::thread index_thread_;
};

Result<void> JournaledLog::start(const LogOptions& options, store::Database& data) {
    CLOISTER_ASSIGN_OR_RETURN(const VerifierKey verifier, make_verifier_key(options.origin, key_.public_key()));
    verifier_key_ = format_verifier_key(verifier);
    CLOISTER_RETURN_IF_ERROR(data.migrate("audit", migrations()));
    CLOISTER_ASSIGN_OR_RETURN(
        journal_, store::Journal::open({.directory = journal_directory(options.directory),
                                        .segment_bytes = std::max(options.segment_bytes, kSmallestSegmentBytes)}));
    // Before anything is added: a log that lost entries must not grow new ones in their place.
    CLOISTER_ASSIGN_OR_RETURN(deriver_, Deriver::open(options.directory, options.origin, key_, *journal_));
    outbox_ = std::make_shared<Outbox>(*journal_);
    CLOISTER_RETURN_IF_ERROR(outbox_->recover(data));
    // Each flush covers a flight; a journal that cannot write keeps the rest for the background.
    while (!outbox_->empty() && journal_->writable()) journal_->flush();
    CLOISTER_ASSIGN_OR_RETURN(index_, SearchIndex::open(index_file(options.directory), journal_->size()));

    if (options.derive_every.count() == 0) return {};
    derive_thread_ = std::thread([this, every = options.derive_every] {
        repeat(every, [this] {
            outbox_->retry();
            if (auto derived = derive(); !derived) note_fatal(derived.error());
        });
    });
    index_thread_ = std::thread([this, every = options.derive_every] {
        setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kLowPriority);
        repeat(every, [this] { (void)index_all().has_value(); });
    });
    return {};
}

JournaledLog::~JournaledLog() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        wake_.notify_all();
    }
    if (derive_thread_.joinable()) derive_thread_.join();
    if (index_thread_.joinable()) index_thread_.join();
    // The last entries get their checkpoint now rather than at the next start.
    if (deriver_ != nullptr && journal_ != nullptr && !fatal()) {
        journal_->flush();
        (void)derive().has_value();
    }
    if (outbox_ != nullptr) outbox_->close();
    deriver_ = nullptr;
    journal_ = nullptr;
    if (outbox_ != nullptr) outbox_->abandon();
}

void JournaledLog::repeat(std::chrono::milliseconds period, const std::function<void()>& step) {
    while (true) {
        step();
        const MutexLock lock(mutex_);
        if (stopping_) return;
        wake_.wait_for(mutex_, period);
        if (stopping_) return;
    }
}

void JournaledLog::note_fatal(const Error& error) {
    if (error.code() != ErrorCode::corrupt) return;  // the disk may recover, and nothing is lost meanwhile
    const MutexLock lock(mutex_);
    if (!fatal_) fatal_ = error;
}

void JournaledLog::append(const Entry& entry, UniqueFunction<void(Result<std::uint64_t>)> done) {
    if (const auto error = fatal()) return done(*error);
    auto bytes = encode(entry);
    if (!bytes) return done(bytes.error());
    journal_->append(0, *std::move(bytes), std::move(done));
}

Result<void> JournaledLog::record(store::Transaction& transaction, const Entry& entry, Outbox::OnIndex on_index) {
    if (const auto error = fatal()) return *error;
    CLOISTER_ASSIGN_OR_RETURN(Bytes bytes, encode(entry));
    return outbox_->record(transaction, std::move(bytes), std::move(on_index));
}

Result<void> JournaledLog::derive() {
    const MutexLock lock(deriving_);
    return deriver_->derive();
}

// One batch. `done` when nothing is left to index.
Result<void> JournaledLog::index_some(bool& done) {
    const MutexLock lock(indexing_);
    const std::uint64_t first = index_->indexed();
    const std::uint64_t size = journal_->size();
    done = first >= size;
    if (done) return {};
    std::vector<Entry> batch;
    std::optional<Error> failed;
    CLOISTER_RETURN_IF_ERROR(journal_->read(first, [&](const store::JournalEntry& item) {
        auto entry = decode(item.payload);
        if (!entry) {
            failed = entry.error().within("entry " + std::to_string(item.position));
            return false;
        }
        batch.push_back(*std::move(entry));
        return batch.size() < kEntriesPerIndexBatch && item.position + 1 < size;
    }));
    if (failed) return *failed;
    auto added = index_->add(batch);
    // Search goes on by reading the journal; the next start makes the index anew.
    if (!added && added.error().code() == ErrorCode::corrupt) index_usable_ = false;
    return added;
}

Result<void> JournaledLog::index_all() {
    bool done = !index_usable_;
    while (!done && !stopping()) CLOISTER_RETURN_IF_ERROR(index_some(done));
    return {};
}

Result<void> JournaledLog::catch_up() {
    outbox_->retry();
    do {
        journal_->flush();
    } while (!outbox_->empty() && journal_->writable());
    if (auto derived = derive(); !derived) {
        note_fatal(derived.error());
        return derived;
    }
    return index_all();
}

Result<void> JournaledLog::check_within_checkpoint(std::uint64_t size) const {
    if (size > deriver_->newest()->checkpoint.size)
        return Error(ErrorCode::not_found, "the newest checkpoint does not reach that far");
    return {};
}

Result<Bytes> JournaledLog::tile(unsigned level, std::uint64_t index, unsigned width) const {
    if (!is_within({level, index, width}, deriver_->newest()->checkpoint.size))
        return Error(ErrorCode::not_found, "no such tile");
    return deriver_->hashes().read_bytes(level, index * kTileWidth, width);
}

Result<Bytes> JournaledLog::entry_bundle(std::uint64_t index, unsigned width) const {
    if (!is_within({0, index, width}, deriver_->newest()->checkpoint.size))
        return Error(ErrorCode::not_found, "no such entry bundle");
    Bytes bundle;
    const std::uint64_t end = index * kTileWidth + width;
    CLOISTER_RETURN_IF_ERROR(journal_->read(index * kTileWidth, [&](const store::JournalEntry& entry) {
        append_to_bundle(bundle, entry.payload);
        return entry.position + 1 < end;
    }));
    return bundle;
}

Result<InclusionProof> JournaledLog::prove_inclusion(std::uint64_t index, std::uint64_t tree_size) const {
    CLOISTER_RETURN_IF_ERROR(check_within_checkpoint(tree_size));
    InclusionProof proof{index, tree_size, {}};
    CLOISTER_ASSIGN_OR_RETURN(proof.hashes, inclusion_proof(hash_reader(), index, tree_size));
    return proof;
}

Result<std::vector<Digest>> JournaledLog::prove_consistency(std::uint64_t old_size, std::uint64_t new_size) const {
    CLOISTER_RETURN_IF_ERROR(check_within_checkpoint(new_size));
    return consistency_proof(hash_reader(), old_size, new_size);
}

Result<Page> JournaledLog::search_page(const Query& query) const {
    return search_journal(*journal_, index_usable_ ? index_.get() : nullptr, query);
}

Result<std::vector<Found>> JournaledLog::search(const Query& query) const {
    const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kMaxSearchLimit);
    Query rest = query;
    std::vector<Found> found;
    while (true) {
        rest.limit = limit - found.size();
        CLOISTER_ASSIGN_OR_RETURN(Page page, search_page(rest));
        std::move(page.found.begin(), page.found.end(), std::back_inserter(found));
        if (!page.next || found.size() >= limit) return found;
        rest.before = *page.next;
    }
}

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

Result<std::unique_ptr<AuditLog>> AuditLog::open(const LogOptions& options, crypto::SigningKey key,
                                                 store::Database& data, const Clock&) {
    auto log = std::make_unique<JournaledLog>(std::move(key));
    CLOISTER_RETURN_IF_ERROR(log->start(options, data));
    return std::unique_ptr<AuditLog>(std::move(log));
}

Result<std::uint64_t> AuditLog::append_and_wait(const Entry& entry) {
    struct Waiter {
        Mutex mutex;
        CondVar arrived;
        std::optional<Result<std::uint64_t>> result CLOISTER_GUARDED_BY(mutex);
    } waiter;
    append(entry, [&waiter](Result<std::uint64_t> result) {
        const MutexLock lock(waiter.mutex);
        waiter.result = std::move(result);
        waiter.arrived.notify_one();  // under the lock: the waiter lives on the other thread's stack
    });
    const MutexLock lock(waiter.mutex);
    while (!waiter.result) waiter.arrived.wait(waiter.mutex);
    return *std::move(waiter.result);
}

}  // namespace cloister::audit
