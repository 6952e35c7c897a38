#include "audit/note.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "crypto/hash.h"

namespace cloister::audit {
namespace {

constexpr std::byte kEd25519{0x01};
constexpr std::size_t kMaxNoteBytes = 1'000'000;  // as golang.org/x/mod/sumdb/note
constexpr std::size_t kMaxSignatures = 100;
constexpr std::string_view kSignaturePrefix = "\xe2\x80\x94 ";  // U+2014, blank

Error malformed(std::string_view what) {
    return Error(ErrorCode::invalid_argument, "signed note: " + std::string(what));
}

// Unicode White_Space beyond ASCII, as UTF-8.
constexpr std::array<std::string_view, 19> kWideSpaces = {
    "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83",
    "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a",
    "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

bool is_valid_name(std::string_view name) {
    if (name.empty() || !is_valid_utf8(name)) return false;
    for (const char c : name)
        if (c == '+' || static_cast<unsigned char>(c) <= 0x20) return false;
    return std::none_of(kWideSpaces.begin(), kWideSpaces.end(),
                        [&](std::string_view space) { return name.find(space) != std::string_view::npos; });
}

std::uint32_t key_id(std::string_view name, const crypto::PublicKey& key) {
    constexpr std::array<std::byte, 2> kNewlineAndType = {std::byte{'\n'}, kEd25519};
    return load_be<std::uint32_t>(crypto::sha256({as_bytes(name), kNewlineAndType, key}).data());
}

std::string hex_of(std::uint32_t id) {
    std::array<std::byte, 4> bytes;
    store_be(bytes.data(), id);
    return hex_encode(bytes);
}

struct NoteParts {
    std::string_view text;
    std::vector<NoteSignature> signatures;
};

Result<NoteSignature> parse_signature(std::string_view line) {
    if (!line.starts_with(kSignaturePrefix)) return malformed("a line among the signatures is none");
    line.remove_prefix(kSignaturePrefix.size());
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos || !is_valid_name(line.substr(0, blank))) return malformed("bad key name");
    const auto blob = base64_decode(line.substr(blank + 1));
    if (!blob || blob->size() < 5) return malformed("a signature is not the base64 of key id and signature");
    return NoteSignature{std::string(line.substr(0, blank)), load_be<std::uint32_t>(blob->data()),
                         Bytes(blob->begin() + 4, blob->end())};
}

Result<NoteParts> parse_note(std::string_view message) {
    if (message.size() > kMaxNoteBytes) return malformed("too long");
    if (!is_valid_utf8(message)) return malformed("not UTF-8");
    for (const char c : message)
        if (static_cast<unsigned char>(c) < 0x20 && c != '\n') return malformed("control character");
    // The text may hold empty lines itself: the last one ends it.
    const std::size_t end = message.rfind("\n\n");
    if (end == std::string_view::npos) return malformed("no empty line");
    NoteParts parts{message.substr(0, end + 1), {}};
    std::string_view rest = message.substr(end + 2);
    if (rest.empty() || rest.back() != '\n') return malformed("no signature line at the end");
    rest.remove_suffix(1);
    const std::vector<std::string_view> lines = split(rest, '\n');
    if (lines.size() > kMaxSignatures) return malformed("too many signatures");
    for (const std::string_view line : lines) {
        CLOISTER_ASSIGN_OR_RETURN(NoteSignature signature, parse_signature(line));
        parts.signatures.push_back(std::move(signature));
    }
    return parts;
}

const VerifierKey* find_key(std::span<const VerifierKey> known, const NoteSignature& signature) {
    for (const VerifierKey& key : known)
        if (key.name == signature.name && key.id == signature.id) return &key;
    return nullptr;
}

bool has_signature_by(const std::vector<NoteSignature>& signatures, const NoteSignature& other) {
    return std::any_of(signatures.begin(), signatures.end(),
                       [&](const NoteSignature& s) { return s.name == other.name && s.id == other.id; });
}

bool has_equal(const std::vector<NoteSignature>& signatures, const NoteSignature& other) {
    return std::any_of(signatures.begin(), signatures.end(), [&](const NoteSignature& s) {
        return s.name == other.name && s.id == other.id && s.signature == other.signature;
    });
}

}  // namespace

Result<VerifierKey> make_verifier_key(std::string_view name, const crypto::PublicKey& key) {
    if (!is_valid_name(name)) return Error(ErrorCode::invalid_argument, "the name of a log holds no blanks and no '+'");
    return VerifierKey{std::string(name), key_id(name, key), key};
}

std::string format_verifier_key(const VerifierKey& key) {
    Bytes typed{kEd25519};
    append(typed, key.key);
    return key.name + "+" + hex_of(key.id) + "+" + base64_encode(typed);
}

Result<VerifierKey> parse_verifier_key(std::string_view text) {
    const Error bad(ErrorCode::invalid_argument, "a verifier key has the form name+id+base64");
    const std::size_t first = text.find('+');
    const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
    if (second == std::string_view::npos) return bad;
    const auto typed = base64_decode(text.substr(second + 1));
    if (!typed || typed->empty()) return bad;
    if (typed->front() != kEd25519) return Error(ErrorCode::unsupported, "the verifier key is not an Ed25519 key");
    if (typed->size() != 1 + crypto::PublicKey{}.size()) return bad;
    crypto::PublicKey key;
    std::copy(typed->begin() + 1, typed->end(), key.begin());
    CLOISTER_ASSIGN_OR_RETURN(VerifierKey made, make_verifier_key(text.substr(0, first), key));
    if (hex_of(made.id) != text.substr(first + 1, second - first - 1))
        return Error(ErrorCode::invalid_argument, "the id of the verifier key does not belong to its name and key");
    return made;
}

Result<Note> open_note(std::string_view message, std::span<const VerifierKey> known) {
    CLOISTER_ASSIGN_OR_RETURN(NoteParts parts, parse_note(message));
    Note note{std::string(parts.text), {}, {}};
    for (NoteSignature& signature : parts.signatures) {
        const VerifierKey* key = find_key(known, signature);
        if (key == nullptr) {
            if (!has_equal(note.unverified, signature)) note.unverified.push_back(std::move(signature));
            continue;
        }
        if (has_signature_by(note.verified, signature)) continue;  // a repetition by the same key is not looked at
        if (!crypto::verify(key->key, as_bytes(note.text), signature.signature))
            return Error(ErrorCode::corrupt, "signed note: the signature of " + key->name + " does not hold");
        note.verified.push_back(std::move(signature));
    }
    if (note.verified.empty()) return Error(ErrorCode::wrong_key, "signed note: no signature by a known key");
    return note;
}

Result<std::string> sign_note(std::string_view text, std::string_view name, const crypto::SigningKey& key) {
    CLOISTER_ASSIGN_OR_RETURN(const VerifierKey verifier, make_verifier_key(name, key.public_key()));
    if (text.empty() || text.back() != '\n') return malformed("the text does not end in a newline");
    Bytes blob;
    append_be(blob, verifier.id);
    append(blob, key.sign(as_bytes(text)));
    return std::string(text) + "\n" + std::string(kSignaturePrefix) + std::string(name) + " " + base64_encode(blob) +
           "\n";
}

std::string format_checkpoint(const Checkpoint& checkpoint) {
    std::string text =
        checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" + base64_encode(checkpoint.root) + "\n";
    for (const std::string& line : checkpoint.extensions) text += line + "\n";
    return text;
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
    const auto bad = [](std::string_view what) {
        return Error(ErrorCode::invalid_argument, "checkpoint: " + std::string(what));
    };
    if (text.empty() || text.back() != '\n') return bad("the last line does not end");
    const std::vector<std::string_view> lines = split(text.substr(0, text.size() - 1), '\n');
    if (lines.size() < 3) return bad("fewer than three lines");
    Checkpoint checkpoint;
    checkpoint.origin = lines[0];
    if (checkpoint.origin.empty()) return bad("empty origin");

    const std::string_view size = lines[1];
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), checkpoint.size);
    // from_chars alone would let leading zeroes pass.
    if (error != std::errc() || end != size.data() + size.size() || std::to_string(checkpoint.size) != size)
        return bad("the tree size is not a plain decimal number");

    const auto root = base64_decode(lines[2]);
    if (!root || root->size() != checkpoint.root.size()) return bad("the root hash is not the base64 of 32 bytes");
    std::copy(root->begin(), root->end(), checkpoint.root.begin());
    for (std::size_t i = 3; i < lines.size(); ++i) {
        if (lines[i].empty()) return bad("empty extension line");
        checkpoint.extensions.emplace_back(lines[i]);
    }
    return checkpoint;
}

Result<Checkpoint> open_checkpoint(std::string_view message, const VerifierKey& key) {
    CLOISTER_ASSIGN_OR_RETURN(const Note note, open_note(message, {&key, 1}));
    CLOISTER_ASSIGN_OR_RETURN(Checkpoint checkpoint, parse_checkpoint(note.text));
    if (checkpoint.origin != key.name) return Error(ErrorCode::wrong_key, "checkpoint: of another log");
    return checkpoint;
}

}  // namespace cloister::audit
