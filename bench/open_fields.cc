// Baseline of the batch read: opening sealed fields in a bare loop on one core, keys already set up, nothing else done.
//
//   open_fields --seconds S --customers N --records N --fields N --bytes N
//
// --customers customers with --records records each, a key for each record, --fields fields of --bytes bytes in each.
// Prints {"fields":N,"seconds":S}.
#include <chrono>
#include <cstring>

#include "arguments.h"
#include "crypto/aead.h"

namespace {

using namespace cloister;

constexpr std::size_t kAssociatedData = 66;  // as records/sealed_record.h has it

struct SealedRecord {
    crypto::Aead aead;
    std::vector<Bytes> fields;
};

crypto::Nonce nonce_of(std::size_t field) {
    crypto::Nonce nonce{};
    std::memcpy(nonce.data(), &field, sizeof field);
    return nonce;
}

SealedRecord make(std::size_t number, std::size_t fields, const Bytes& plain, const Bytes& associated) {
    std::array<std::byte, 32> key{};
    std::memcpy(key.data(), &number, sizeof number);
    SealedRecord record{crypto::Aead(key), {}};
    for (std::size_t i = 0; i < fields; ++i) {
        record.fields.emplace_back(plain.size() + crypto::kTagSize);
        record.aead.seal(nonce_of(i), associated, plain, record.fields.back());
    }
    return record;
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Arguments arguments(argc, argv);
    const std::size_t records = arguments.number("--customers") * arguments.number("--records");
    const Bytes plain(arguments.number("--bytes"), std::byte{'x'});
    const Bytes associated(kAssociatedData, std::byte{1});
    std::vector<SealedRecord> sealed;
    for (std::size_t i = 0; i < records; ++i)
        sealed.push_back(make(i, arguments.number("--fields"), plain, associated));
    Bytes out(plain.size());
    std::uint64_t opened = 0;
    const auto begin = std::chrono::steady_clock::now();
    const auto end = begin + std::chrono::seconds(arguments.number("--seconds"));
    while (std::chrono::steady_clock::now() < end)
        for (SealedRecord& record : sealed)
            for (std::size_t i = 0; i < record.fields.size(); ++i, ++opened)
                record.aead.open(nonce_of(i), associated, record.fields[i], out).value();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf("{\"fields\":%llu,\"seconds\":%.3f}\n", static_cast<unsigned long long>(opened), seconds);
    return 0;
}
