// Signed notes and the checkpoints inside them: what a log publishes about its tree, and how others check it.
//
// Threads  Free functions of their arguments.
// Errors   invalid_argument: malformed. wrong_key: well-formed, but signed by none of the given keys. corrupt: a
// signature
//          that claims to be by a given key is not.
// Specs    C2SP signed-note, tlog-checkpoint; limits as in golang.org/x/mod/sumdb/note
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/sign.h"

namespace cloister::audit {

// Who signs a note: a name and an Ed25519 public key. The id is derived from both.
struct VerifierKey {
    std::string name;
    std::uint32_t id = 0;
    crypto::PublicKey key{};
};

// invalid_argument for a name that is empty or holds a blank or a '+'.
Result<VerifierKey> make_verifier_key(std::string_view name, const crypto::PublicKey& key);
// The text form "name+id+base64", and back. Other key types than Ed25519 are unsupported.
std::string format_verifier_key(const VerifierKey& key);
Result<VerifierKey> parse_verifier_key(std::string_view text);

struct NoteSignature {
    std::string name;
    std::uint32_t id = 0;
    Bytes signature;
};

struct Note {
    std::string text;                       // with its last newline
    std::vector<NoteSignature> verified;    // by the given keys, at least one
    std::vector<NoteSignature> unverified;  // by keys we do not know; they say nothing
};

// Checks `message` against the keys. A signature by a key we know must hold; others are passed over.
Result<Note> open_note(std::string_view message, std::span<const VerifierKey> known);
// Signs `text`, which ends in a newline. The name must be valid (make_verifier_key).
Result<std::string> sign_note(std::string_view text, std::string_view name, const crypto::SigningKey& key);

// A tree head: the log's name, the number of entries and their root hash.
struct Checkpoint {
    std::string origin;
    std::uint64_t size = 0;
    Digest root{};
    std::vector<std::string> extensions;  // further lines, which Cloister neither writes nor reads
};

std::string format_checkpoint(const Checkpoint& checkpoint);
// Of a note's text.
Result<Checkpoint> parse_checkpoint(std::string_view text);
// Opens a signed checkpoint of the log with this key, whose name is the log's origin.
Result<Checkpoint> open_checkpoint(std::string_view message, const VerifierKey& key);

}  // namespace cloister::audit
