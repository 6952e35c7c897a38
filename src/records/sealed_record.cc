#include "records/sealed_record.h"

#include <algorithm>

#include "crypto/hash.h"

namespace cloister::records {
namespace {

constexpr std::byte kFormat{1};
constexpr std::size_t kPrefixSize = 1 + 1 + 4;
constexpr std::size_t kNonceBaseSize = 10;
constexpr std::size_t kEntrySize = 2 + 4;
constexpr std::size_t kMaxFields = 200;
constexpr std::uint16_t kDirectory = 0xffff;
constexpr std::size_t kAddressSize = kPrefixSize + 16 + 2 + 2 + 16 + 16 + 8;

Error damaged() { return Error(ErrorCode::corrupt, "sealed data does not open"); }

// The fixed part of the associated data; only the field number changes within a record.
class AssociatedData {
 public:
    AssociatedData(ByteView prefix, const RecordAddress& address) {
        std::byte* to = bytes_.data();
        const auto put = [&to](ByteView part) { to = std::copy(part.begin(), part.end(), to); };
        put(prefix);
        put(address.vault.bytes());
        store_be<std::uint16_t>(to, address.collection);
        field_ = to + 2;
        to += 4;
        put(address.customer.bytes());
        put(address.record.bytes());
        store_be<std::uint64_t>(to, address.version);
    }
    ByteView for_field(std::uint16_t number) {
        store_be<std::uint16_t>(field_, number);
        return bytes_;
    }

 private:
    std::array<std::byte, kAddressSize> bytes_;
    std::byte* field_ = nullptr;
};

crypto::Nonce nonce_for(ByteView base, std::uint16_t number) {
    crypto::Nonce nonce;
    std::copy(base.begin(), base.end(), nonce.begin());
    store_be<std::uint16_t>(nonce.data() + kNonceBaseSize, number);
    return nonce;
}

Bytes directory_data(AssociatedData& associated, ByteView header) {
    Bytes data = to_bytes(associated.for_field(kDirectory));
    append(data, header);
    return data;
}

}  // namespace

Bytes seal_record(crypto::Aead& aead, const RecordAddress& address, std::uint32_t key_epoch,
                  const std::vector<PlainField>& fields, std::span<const std::byte, 10> nonce_base) {
    CLOISTER_ASSERT(fields.size() <= kMaxFields);
    std::size_t size = kPrefixSize + kNonceBaseSize + 2 + fields.size() * kEntrySize + crypto::kTagSize;
    for (const PlainField& field : fields) size += field.text.size_bytes() + crypto::kTagSize;
    Bytes out;
    out.reserve(size);
    out.push_back(kFormat);
    out.push_back(static_cast<std::byte>(crypto::Suite::international));
    append_be<std::uint32_t>(out, key_epoch);
    append(out, nonce_base);
    append_be<std::uint16_t>(out, static_cast<std::uint16_t>(fields.size()));
    for (const PlainField& field : fields) {
        append_be<std::uint16_t>(out, field.number);
        append_be<std::uint32_t>(out, static_cast<std::uint32_t>(field.text.size_bytes() + crypto::kTagSize));
    }
    const std::size_t header_size = out.size();
    out.resize(size);
    const std::span<std::byte> bytes(out);
    AssociatedData associated(ByteView(out).first(kPrefixSize), address);
    aead.seal(nonce_for(nonce_base, kDirectory), directory_data(associated, ByteView(out).first(header_size)), {},
              bytes.subspan(header_size, crypto::kTagSize));
    std::size_t at = header_size + crypto::kTagSize;
    for (const PlainField& field : fields) {
        const std::size_t length = field.text.size_bytes() + crypto::kTagSize;
        aead.seal(nonce_for(nonce_base, field.number), associated.for_field(field.number),
                  as_bytes(field.text.reveal()), bytes.subspan(at, length));
        at += length;
    }
    return out;
}

Result<SealedRecord> SealedRecord::parse(ByteView bytes) {
    ByteReader reader(bytes);
    const auto format = reader.be<std::uint8_t>();
    const auto suite = reader.be<std::uint8_t>();
    SealedRecord record;
    record.epoch_ = reader.be<std::uint32_t>();
    record.nonce_base_ = reader.take(kNonceBaseSize);
    const auto count = reader.be<std::uint16_t>();
    if (!reader.ok() || format != std::to_integer<std::uint8_t>(kFormat) || count > kMaxFields) return damaged();
    if (suite != static_cast<std::uint8_t>(crypto::Suite::international)) return damaged();
    std::vector<std::uint32_t> lengths;
    lengths.reserve(count);
    record.numbers_.reserve(count);
    for (std::uint16_t i = 0; i < count; ++i) {
        const auto number = reader.be<std::uint16_t>();
        if (number == kDirectory || (!record.numbers_.empty() && number <= record.numbers_.back())) return damaged();
        record.numbers_.push_back(number);
        lengths.push_back(reader.be<std::uint32_t>());
        if (lengths.back() < crypto::kTagSize) return damaged();
    }
    if (!reader.ok()) return damaged();
    record.header_ = bytes.first(bytes.size() - reader.rest().size());
    record.directory_tag_ = reader.take(crypto::kTagSize);
    record.sealed_.reserve(count);
    for (const std::uint32_t length : lengths) record.sealed_.push_back(reader.take(length));
    if (!reader.done()) return damaged();
    return record;
}

Result<void> SealedRecord::check(crypto::Aead& aead, const RecordAddress& address) const {
    AssociatedData associated(header_.first(kPrefixSize), address);
    return aead.open(nonce_for(nonce_base_, kDirectory), directory_data(associated, header_), directory_tag_, {});
}

Result<std::optional<Personal>> SealedRecord::open(crypto::Aead& aead, const RecordAddress& address,
                                                   std::uint16_t number) const {
    const auto at = std::lower_bound(numbers_.begin(), numbers_.end(), number);
    if (at == numbers_.end() || *at != number) return std::optional<Personal>();
    const ByteView sealed = sealed_[static_cast<std::size_t>(at - numbers_.begin())];
    AssociatedData associated(header_.first(kPrefixSize), address);
    std::string text(sealed.size() - crypto::kTagSize, '\0');
    CLOISTER_RETURN_IF_ERROR(aead.open(nonce_for(nonce_base_, number), associated.for_field(number), sealed,
                                       std::as_writable_bytes(std::span(text.data(), text.size()))));
    return std::optional<Personal>(Personal(std::move(text)));
}

Result<std::vector<PlainField>> SealedRecord::open_all(crypto::Aead& aead, const RecordAddress& address) const {
    CLOISTER_RETURN_IF_ERROR(check(aead, address));
    std::vector<PlainField> fields;
    fields.reserve(numbers_.size());
    for (const std::uint16_t number : numbers_) {
        CLOISTER_ASSIGN_OR_RETURN(std::optional<Personal> text, open(aead, address, number));
        fields.push_back({number, std::move(*text)});
    }
    return fields;
}

Digest digest_of(const RecordAddress& address, ByteView sealed) {
    std::array<std::byte, 10> numbers;
    store_be<std::uint16_t>(numbers.data(), address.collection);
    store_be<std::uint64_t>(numbers.data() + 2, address.version);
    return crypto::sha256({as_bytes("cloister/v1 record"), address.vault.bytes(), address.customer.bytes(),
                           address.record.bytes(), numbers, sealed});
}

}  // namespace cloister::records
