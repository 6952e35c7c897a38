#include "records/records.h"

#include "records/core.h"

namespace cloister::records {

Result<std::unique_ptr<Records>> Records::open(const Parts& parts) {
    CLOISTER_ASSIGN_OR_RETURN(crypto::MacKey index_key, parts.keys.vault_key("index"));
    std::unique_ptr<Records> records(new Records(std::make_unique<Core>(parts, std::move(index_key))));
    CLOISTER_RETURN_IF_ERROR(records->core_->recover_backlog());
    CLOISTER_RETURN_IF_ERROR(records->core_->finish_erasures());
    CLOISTER_RETURN_IF_ERROR(records->core_->drop_orphan_keys());
    return records;
}

Records::Records(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Records::~Records() = default;

const BlindIndex& Records::blind_index() const { return core_->index; }
Rulebook& Records::rules() { return core_->rules; }
const Records::Core& Records::core() const { return *core_; }
Records::Core& Records::core() { return *core_; }

std::shared_ptr<void> Records::Core::begin() {
    {
        MutexLock lock(pending_->mutex);
        ++pending_->count;
    }
    // The state is shared: the one who lets go last may still hold its lock when ~Core() has ended.
    return {nullptr, [pending = pending_](void*) {
                MutexLock lock(pending->mutex);
                --pending->count;
                pending->changed.notify_all();
            }};
}

void Records::Core::abandon(const std::vector<PreparedCustomer>& customers) {
    constexpr std::size_t kMost = 20'000;  // start-up looks for as many
    MutexLock lock(abandoned_mutex_);
    for (const PreparedCustomer& customer : customers)
        if (customer.is_new && abandoned_.size() < kMost) abandoned_.push_back(customer.customer);
}

Records::Core::~Core() {
    {
        MutexLock lock(pending_->mutex);
        while (pending_->count > 0) pending_->changed.wait(pending_->mutex);
    }
    std::vector<CustomerId> abandoned;
    {
        MutexLock lock(abandoned_mutex_);
        abandoned.swap(abandoned_);
    }
    static_cast<void>(drop_if_unknown(abandoned));  // else start-up does it
    std::vector<std::thread> running;
    {
        MutexLock lock(purges_mutex_);
        stopping_ = true;
        running.swap(purges_);
    }
    for (std::thread& thread : running) thread.join();
}

void Records::Core::purge_later(CustomerId customer, std::string actor) {
    MutexLock lock(purges_mutex_);
    if (stopping_) return;  // start-up finishes it
    purges_.emplace_back([this, customer, actor = std::move(actor)] {
        // Failure (full disk, shutdown) leaves the erasure open; start-up finishes it.
        static_cast<void>(purge(customer, actor));
    });
}

bool Records::Core::stopping() const {
    MutexLock lock(purges_mutex_);
    return stopping_;
}

}  // namespace cloister::records
