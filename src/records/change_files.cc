#include "records/change_files.h"

#include <algorithm>
#include <tuple>

namespace cloister::records {
namespace {

constexpr std::size_t kRowSize = 16 + 2 + 16 + 8 + 8 + 1 + 32;

void pack(const LoggedChange& c, std::byte* to) {
    const auto put = [&to](ByteView bytes) { to = std::copy(bytes.begin(), bytes.end(), to); };
    put(c.customer.bytes());
    store_be<std::uint16_t>(to, c.collection);
    to += 2;
    put(c.record.bytes());
    store_be<std::uint64_t>(to, c.version);
    store_be<std::uint64_t>(to + 8, c.index);
    to += 16;
    *to++ = static_cast<std::byte>(c.kind);
    put(c.digest);
}

LoggedChange unpack(ByteView row) {
    ByteReader reader(row);
    LoggedChange c;
    c.customer = CustomerId::from_bytes(reader.take(16)).value();
    c.collection = reader.be<std::uint16_t>();
    c.record = RecordId::from_bytes(reader.take(16)).value();
    c.version = reader.be<std::uint64_t>();
    c.index = reader.be<std::uint64_t>();
    c.kind = static_cast<LoggedChange::Kind>(reader.be<std::uint8_t>());
    const ByteView digest = reader.take(32);
    std::copy(digest.begin(), digest.end(), c.digest.begin());
    return c;
}

}  // namespace

Result<std::unique_ptr<ChangeFiles>> ChangeFiles::make(const std::filesystem::path& directory,
                                                       std::vector<CustomerId> bounds) {
    std::unique_ptr<ChangeFiles> files(new ChangeFiles());
    std::error_code ec;
    std::filesystem::remove_all(directory, ec);
    std::filesystem::create_directories(directory, ec);
    if (ec) return Error(ErrorCode::unavailable, "cannot create " + directory.string() + ": " + ec.message());
    files->directory_ = directory;
    files->bounds_ = std::move(bounds);
    for (std::size_t i = 0; i <= files->bounds_.size(); ++i) {
        const auto file = directory / std::to_string(i);
        files->files_.emplace_back(std::fopen(file.c_str(), "w+be"));
        if (files->files_.back() == nullptr) return Error(ErrorCode::unavailable, "cannot create " + file.string());
    }
    return files;
}

ChangeFiles::~ChangeFiles() {
    files_.clear();
    std::error_code ec;
    std::filesystem::remove_all(directory_, ec);
}

void ChangeFiles::add(const LoggedChange& change) {
    const auto range =
        static_cast<std::size_t>(std::upper_bound(bounds_.begin(), bounds_.end(), change.customer) - bounds_.begin());
    std::array<std::byte, kRowSize> row;
    pack(change, row.data());
    if (std::fwrite(row.data(), 1, row.size(), files_[range].get()) != row.size()) failed_ = true;
}

Result<std::vector<LoggedChange>> ChangeFiles::load(std::size_t range) {
    std::FILE* file = files_[range].get();
    if (failed_ || std::fflush(file) != 0 || std::fseek(file, 0, SEEK_SET) != 0)
        return Error(ErrorCode::storage_full, "no room for temporary files in " + directory_.string());
    std::vector<LoggedChange> changes;
    std::array<std::byte, kRowSize> row;
    while (std::fread(row.data(), 1, row.size(), file) == row.size()) changes.push_back(unpack(row));
    std::sort(changes.begin(), changes.end(), [](const LoggedChange& a, const LoggedChange& b) {
        return std::tie(a.customer, a.collection, a.record, a.index) <
               std::tie(b.customer, b.collection, b.record, b.index);
    });
    return changes;
}

}  // namespace cloister::records
