// What the audit log says of each record, spread over temporary files by ranges of customers so that each range fits
// into memory. Ids, versions and digests only. Private to verification.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include "audit/entry.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace cloister::records {

struct LoggedChange {
    enum class Kind : std::uint8_t { written = 0, deleted = 1, keys_destroyed = 2, erase_begun = 3 };
    CustomerId customer;
    std::uint16_t collection = 0;
    RecordId record;
    std::uint64_t version = 0;
    std::uint64_t index = 0;  // of the entry
    Kind kind = Kind::written;
    Digest digest{};
};

class ChangeFiles {
 public:
    // `bounds` ascending: range i holds customers from bounds[i-1] (inclusive) to bounds[i] (exclusive).
    static Result<std::unique_ptr<ChangeFiles>> make(const std::filesystem::path& directory,
                                                     std::vector<CustomerId> bounds);
    ~ChangeFiles();

    void add(const LoggedChange& change);
    std::size_t ranges() const { return files_.size(); }
    // The changes of a range, sorted by customer, collection, record and index.
    Result<std::vector<LoggedChange>> load(std::size_t range);

 private:
    struct Close {
        void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
    };
    ChangeFiles() = default;
    std::filesystem::path directory_;
    std::vector<CustomerId> bounds_;
    std::vector<std::unique_ptr<std::FILE, Close>> files_;
    bool failed_ = false;
};

}  // namespace cloister::records
