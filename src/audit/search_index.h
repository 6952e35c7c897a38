// The search index: which entries name an actor, a customer, a purpose or an action, and when blocks of entries
// happened.
//
// It is derived from the journal, may lag behind it, and is thrown away and built again whenever it is not certain to
// be right: it is written without waiting for the disk, so after a crash of the machine nothing in it counts.
//
// Invariants  Covers exactly the entries [0, indexed()).
// Threads     add() by one thread at a time; everything else from any thread.
// Errors      Those of store/database.h. Keys are 64 bits of a hash: what it finds must be checked against the entry.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "audit/entry.h"
#include "store/database.h"

namespace cloister::audit {

// Reaches disk: never reuse a number.
enum class TermKind : std::uint8_t { actor = 1, customer = 2, purpose = 3, action = 4 };

struct Term {
    TermKind kind = TermKind::actor;
    std::int64_t key = 0;

    auto operator<=>(const Term&) const = default;
};
Term term_of(TermKind kind, std::string_view text);
Term term_of(const CustomerId& customer);

class SearchIndex {
 public:
    // Times are kept per block of this many entries.
    static constexpr std::uint64_t kBlock = 1024;

    // Opens the index, or begins a new one when there is none that fits a journal of `journal_size` entries.
    static Result<std::unique_ptr<SearchIndex>> open(const std::filesystem::path& file, std::uint64_t journal_size);
    ~SearchIndex();

    std::uint64_t indexed() const { return indexed_; }
    // The entries from indexed() on.
    Result<void> add(std::span<const Entry> entries);

    struct Positions {
        std::vector<std::uint64_t> positions;  // newest first
        std::uint64_t reached = 0;             // everything at and above it was looked at
    };
    // The newest positions below `before` that have all these terms, at most `most`; fewer also when the work for one
    // call is done. Requires a term.
    Result<Positions> positions(std::span<const Term> terms, std::uint64_t before, std::size_t most) const;
    // The newest block below block number `before` in which an entry may lie within [from, until).
    Result<std::optional<std::uint64_t>> block_within(std::optional<Time> from, std::optional<Time> until,
                                                      std::uint64_t before) const;

 private:
    SearchIndex(std::filesystem::path file, std::unique_ptr<store::Database> data, std::uint64_t indexed)
        : file_(std::move(file)), data_(std::move(data)), indexed_(indexed) {}

    const std::filesystem::path file_;
    std::unique_ptr<store::Database> data_;
    std::atomic<std::uint64_t> indexed_;
};

}  // namespace cloister::audit
