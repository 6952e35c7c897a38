// Turns rows of a file into customers and records ready to be written, and says why where it cannot.
//
// Threads  Belongs to one thread.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/function.h"
#include "records/core.h"
#include "records/import_job.h"
#include "records/import_mapping.h"
#include "records/import_rows.h"

namespace cloister::records {

// Bounds of one batch: what is in memory, and for how long the writer is held. Index rows fall on random pages, each
// written once a batch, so that smaller batches write many times as much.
constexpr std::size_t kBatchCustomers = 6'000;
constexpr std::size_t kBatchRecords = 30'000;
constexpr std::size_t kBatchBytes = 8u << 20;
constexpr std::size_t kBatchRejects = 20'000;

struct IntakeBatch {
    std::vector<InputCustomer> customers;
    std::vector<ImportReject> rejects;
    std::size_t records = 0;
    std::size_t bytes = 0;

    bool empty() const { return customers.empty() && rejects.empty(); }
    bool full() const {
        return customers.size() >= kBatchCustomers || records >= kBatchRecords || bytes >= kBatchBytes ||
               rejects.size() >= kBatchRejects;
    }
};

class Intake {
 public:
    // `settle` waits until everything handed out by take() is stored, so that it can be looked up. invalid_argument
    // when a mapped field is not in the schema any more.
    static Result<std::unique_ptr<Intake>> make(Records& records, std::shared_ptr<const Schema> schema,
                                                const ImportJob& job, std::function<Result<void>()> settle);

    // Takes a row in, counting in `progress`. An error is the store's, not the row's.
    Result<void> add(const ImportRow& row, ImportProgress& progress);
    const IntakeBatch& batch() const { return batch_; }
    // The batch so far; a new one begins.
    IntakeBatch take();
    // Everything handed out before has been stored.
    void settled() { handed_out_.clear(); }

 private:
    struct Slot {
        std::size_t cell;
        const FieldDef* field;
    };
    struct Group {
        const Collection* collection;
        std::vector<Slot> slots;
    };
    struct Known {
        std::uint64_t row = 0;
        std::size_t customer = 0;  // index in the batch
    };
    using Keys = std::unordered_map<std::string, Known>;
    struct Key {
        Schema::Place place;
        std::string canonical;
        std::string text;  // number of the field and normalised value: what rows are compared by
    };

    Intake(Records& records, std::shared_ptr<const Schema> schema, const ImportOptions& options,
           std::function<Result<void>()> settle)
        : records_(records), schema_(std::move(schema)), options_(options), settle_(std::move(settle)) {}

    std::string_view arrange(const ImportRow& row);
    bool build(InputCustomer& customer, ImportProgress& progress, std::uint64_t line);
    void reject(const ImportProgress& progress, std::uint64_t line, std::string field, std::string reason);
    void report_duplicate(ImportProgress& progress, std::uint64_t line, const Key& key, std::string reason);
    Result<void> add_customer(InputCustomer customer, ImportProgress& progress, std::uint64_t line);
    Result<void> add_linked(InputCustomer customer, ImportProgress& progress, std::uint64_t line);
    Result<std::string> find_linked(std::size_t& index);
    std::vector<Key> keys_of(const InputCustomer& customer) const;
    Result<bool> settle_duplicate(InputCustomer& customer, const std::vector<Key>& keys, ImportProgress& progress,
                                  std::uint64_t line);
    void merge_into(std::size_t index, InputCustomer customer);
    Result<void> merge_stored(CustomerId stored, InputCustomer customer, const std::vector<Key>& keys, const Key& by,
                              ImportProgress& progress, std::uint64_t line);
    Result<bool> agrees(CustomerId stored, const InputCustomer& customer);
    void remember(const std::vector<Key>& keys, std::uint64_t row, std::size_t index);

    Records& records_;
    std::shared_ptr<const Schema> schema_;
    ImportOptions options_;
    std::function<Result<void>()> settle_;
    std::vector<Group> groups_;
    std::size_t columns_ = 0;
    std::unordered_map<std::string, std::size_t> by_name_;  // JSON Lines
    std::vector<std::string_view> cells_;                   // of the row at hand, by column
    std::size_t link_cell_ = 0;
    Schema::Place link_;
    std::vector<Schema::Place> duplicate_keys_;

    IntakeBatch batch_;
    Keys known_;                    // keys of customers in the batch
    std::vector<Keys> handed_out_;  // of batches that may not be stored yet
    struct Linked {
        std::size_t index = 0;
        std::string problem;
    };
    std::unordered_map<std::string, Linked> linked_;  // link value -> customer in the batch, or why not
};

}  // namespace cloister::records
