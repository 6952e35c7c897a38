#include "keys/root_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "crypto/aead.h"
#include "crypto/hash.h"

namespace cloister::keys {
namespace {

constexpr std::byte kVersion{1};
constexpr std::size_t kKeySize = crypto::RootKeyBytes::kSize;
constexpr std::size_t kMaxFileBytes = 4096;  // neither a pass phrase nor a key is longer
constexpr std::size_t kMinPassphraseCharacters = 12;
constexpr std::string_view kPassphrase = "passphrase";
constexpr std::string_view kKey = "key";

// A wrapped key: version u8 = 1 | suite u8 = 1 | commitment of the root key, 32 | nonce, 12 | AES-256-GCM with tag, 48.
// The associated data is "cloister/v1 root wrap" | the caller's context. The commitment comes first: it tells a wrong
// pass phrase from damage, and it keeps a ciphertext from opening under several pass phrases (partitioning oracles).
class SoftwareRootKey final : public RootKey {
 public:
    explicit SoftwareRootKey(crypto::RootKeyBytes key)
        : key_(std::move(key)), commitment_(crypto::commitment_of(key_.reveal())) {}

    Result<Bytes> wrap(ByteView context, std::span<const std::byte, 32> key) const override {
        const auto nonce = crypto::random_array<crypto::kNonceSize>();
        Bytes wrapped{kVersion, std::byte{static_cast<std::uint8_t>(crypto::Suite::international)}};
        append(wrapped, commitment_);
        append(wrapped, nonce);
        const std::size_t sealed_at = wrapped.size();
        wrapped.resize(sealed_at + key.size() + crypto::kTagSize);
        crypto::Aead(key_).seal(nonce, associated_data(context), key, std::span(wrapped).subspan(sealed_at));
        return wrapped;
    }

    Result<void> unwrap(ByteView context, ByteView wrapped, std::span<std::byte, 32> key) const override {
        const Error damaged(ErrorCode::corrupt, "a key wrapped by the root key is damaged");
        ByteReader reader(wrapped);
        const auto version = reader.be<std::uint8_t>();
        const auto suite = reader.be<std::uint8_t>();
        const ByteView commitment = reader.take(sizeof(Digest));
        const ByteView nonce_bytes = reader.take(crypto::kNonceSize);
        const ByteView sealed = reader.take(kKeySize + crypto::kTagSize);
        if (!reader.done() || std::byte{version} != kVersion ||
            suite != static_cast<std::uint8_t>(crypto::Suite::international))
            return damaged;
        if (!crypto::constant_time_equal(commitment, commitment_))
            return Error(ErrorCode::wrong_key, "this root key did not wrap that key");
        crypto::Nonce nonce;
        std::copy(nonce_bytes.begin(), nonce_bytes.end(), nonce.begin());
        if (!crypto::Aead(key_).open(nonce, associated_data(context), sealed, key)) return damaged;
        return {};
    }

 private:
    static Bytes associated_data(ByteView context) {
        Bytes data = to_bytes("cloister/v1 root wrap");
        append(data, context);
        return data;
    }

    crypto::RootKeyBytes key_;
    Digest commitment_;
};

// Closes a descriptor at the end of its scope.
class Descriptor {
 public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }

 private:
    int fd_;
};

std::string what_it_is(const RootKeySource& source) {
    switch (source.kind) {
        case RootKeySource::Kind::passphrase_file: return "the pass phrase file";
        case RootKeySource::Kind::key_file: return "the key file";
        case RootKeySource::Kind::systemd_credential: return "the systemd credential";
    }
    return {};
}

Error refused(const RootKeySource& source, const std::filesystem::path& path, std::string_view why) {
    return Error(ErrorCode::invalid_argument, what_it_is(source) + " " + path.string() + " " + std::string(why));
}

Result<std::filesystem::path> path_of(const RootKeySource& source) {
    if (source.file.empty())
        return Error(ErrorCode::invalid_argument, "no root key is configured: name a pass phrase file or a key file");
    if (source.kind != RootKeySource::Kind::systemd_credential) return source.file;
    if (source.file.filename() != source.file || source.file == "..")
        return refused(source, source.file, "must be a plain name, as after LoadCredential=");
    const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
    if (directory == nullptr || *directory == '\0')
        return refused(source, source.file,
                       "is not there: $CREDENTIALS_DIRECTORY is not set; start the service through systemd with "
                       "LoadCredential= or LoadCredentialEncrypted=");
    return std::filesystem::path(directory) / source.file;
}

// The whole file in secret memory. Plain read(2), so that no stream buffer keeps a copy.
Result<crypto::SecretBytes> read_secret_file(const RootKeySource& source, const std::filesystem::path& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status = {};
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0)
        return refused(source, path, "cannot be read: create it, owned by the user Cloister runs as, with mode 0600");
    if (!S_ISREG(status.st_mode)) return refused(source, path, "is not a regular file");
    if ((status.st_mode & 077) != 0)
        return refused(source, path, "may be read by others: run chmod 600 " + path.string());
    if (status.st_size == 0) return refused(source, path, "is empty");
    if (static_cast<std::uint64_t>(status.st_size) > kMaxFileBytes)
        return refused(source, path, "is longer than 4096 bytes, so it holds something else");
    crypto::SecretBytes content(static_cast<std::size_t>(status.st_size));
    std::size_t have = 0;
    while (have < content.size()) {
        const ssize_t got = ::read(file.get(), content.fill().data() + have, content.size() - have);
        if (got <= 0) return refused(source, path, "could not be read to its end");
        have += static_cast<std::size_t>(got);
    }
    return content;
}

ByteView first_line(ByteView content) {
    const auto end = std::find(content.begin(), content.end(), std::byte{'\n'});
    ByteView line = content.first(static_cast<std::size_t>(end - content.begin()));
    if (!line.empty() && line.back() == std::byte{'\r'}) line = line.first(line.size() - 1);
    return line;
}

std::size_t count_characters(ByteView utf8) {
    return static_cast<std::size_t>(
        std::count_if(utf8.begin(), utf8.end(), [](std::byte b) { return (b & std::byte{0xC0}) != std::byte{0x80}; }));
}

Result<crypto::RootKeyBytes> from_passphrase(const RootKeySource& source, const std::filesystem::path& path,
                                             const crypto::SecretBytes& content, const RootKeyParameters& parameters) {
    const ByteView passphrase = first_line(content.reveal());
    if (count_characters(passphrase) < kMinPassphraseCharacters)
        return refused(source, path, "has a first line of fewer than 12 characters: choose a longer pass phrase");
    auto key = crypto::RootKeyBytes::zeroed();
    CLOISTER_RETURN_IF_ERROR(crypto::argon2id(passphrase, parameters.salt, parameters.cost, key.fill()));
    return key;
}

int hex_value(std::byte digit) {
    const char c = static_cast<char>(digit);
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// 32 bytes as they are, or 64 hexadecimal digits on the first line.
std::optional<crypto::RootKeyBytes> parse_key(ByteView content) {
    auto key = crypto::RootKeyBytes::zeroed();
    if (content.size() == kKeySize) {
        std::copy(content.begin(), content.end(), key.fill().begin());
        return key;
    }
    const ByteView line = first_line(content);
    if (line.size() != 2 * kKeySize || content.size() > line.size() + 2) return std::nullopt;
    for (std::size_t i = 0; i < kKeySize; ++i) {
        const int high = hex_value(line[2 * i]);
        const int low = hex_value(line[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        key.fill()[i] = static_cast<std::byte>(high * 16 + low);
    }
    return key;
}

Result<crypto::RootKeyBytes> from_key(const RootKeySource& source, const std::filesystem::path& path,
                                      const crypto::SecretBytes& content, const RootKeyParameters& parameters) {
    const std::optional<crypto::RootKeyBytes> given = parse_key(content.reveal());
    if (!given)
        return refused(source, path,
                       "holds no key: it must have exactly 32 bytes, or 64 hexadecimal digits (openssl rand -hex 32)");
    const auto same = [&](std::byte b) { return b == given->reveal()[0]; };
    if (std::all_of(given->reveal().begin(), given->reveal().end(), same))
        return refused(source, path, "holds one byte 32 times, which is no key: make one with openssl rand -hex 32");
    auto key = crypto::RootKeyBytes::zeroed();
    CLOISTER_RETURN_IF_ERROR(crypto::hkdf_sha256(
        {.ikm = given->reveal(), .salt = parameters.salt, .info = as_bytes("cloister/v1 root key")}, key.fill()));
    return key;
}

std::string_view kind_of(const RootKeySource& source) {
    return source.kind == RootKeySource::Kind::passphrase_file ? kPassphrase : kKey;
}

}  // namespace

Result<std::unique_ptr<RootKey>> load_root_key(const RootKeySource& source, const RootKeyParameters& parameters) {
    if (parameters.kind != kind_of(source))
        return Error(ErrorCode::wrong_key, parameters.kind == kPassphrase
                                               ? "the key store was made with a pass phrase, but a key is configured: "
                                                 "configure the pass phrase file"
                                               : "the key store was made with a key, but a pass phrase is configured: "
                                                 "configure the key file");
    CLOISTER_ASSIGN_OR_RETURN(const std::filesystem::path path, path_of(source));
    CLOISTER_ASSIGN_OR_RETURN(const crypto::SecretBytes content, read_secret_file(source, path));
    CLOISTER_ASSIGN_OR_RETURN(crypto::RootKeyBytes key, parameters.kind == kPassphrase
                                                            ? from_passphrase(source, path, content, parameters)
                                                            : from_key(source, path, content, parameters));
    return std::unique_ptr<RootKey>(std::make_unique<SoftwareRootKey>(std::move(key)));
}

RootKeyParameters new_parameters(const RootKeySource& source) {
    return {.kind = std::string(kind_of(source)),
            .salt = to_bytes(ByteView(crypto::random_array<16>())),
            .cost = source.cost};
}

}  // namespace cloister::keys
