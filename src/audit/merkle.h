// The Merkle tree of a log: leaf and node hashes, roots, proofs and their checks.
//
// A tree is read through its tile levels: hash i of level L is the root of entries [i*256^L, (i+1)*256^L). Every root
// and proof of every size is folded from those.
//
// Threads  Free functions may be called from any thread. A Frontier belongs to one thread at a time.
// Errors   invalid_argument: an index or size outside the tree. Otherwise what the hash reader answers.
// Specs    RFC 6962 section 2.1; the checks of proofs follow RFC 9162 sections 2.1.3.2 and 2.1.4.2
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/function.h"
#include "base/result.h"

namespace cloister::audit {

constexpr unsigned kTileHeight = 8;
constexpr std::uint64_t kTileWidth = 256;
constexpr unsigned kTileLevels = 8;  // 256^8 entries do not fit a 64-bit size

Digest empty_root();
Digest leaf_hash(ByteView entry);
Digest node_hash(const Digest& left, const Digest& right);

// Does `proof` show that `leaf` is entry `index` of the tree of `size` entries with this root?
bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf, std::span<const Digest> proof,
                      const Digest& root);
// Does `proof` show that the tree of `new_size` entries begins with that of `old_size`? Never for old_size 0: nothing
// is proven about an empty tree, callers treat it as consistent.
bool verify_consistency(std::uint64_t old_size, std::uint64_t new_size, std::span<const Digest> proof,
                        const Digest& old_root, const Digest& new_root);

// Gives hashes [first, first + count) of a tile level.
using HashReader = FunctionRef<Result<std::vector<Digest>>(unsigned level, std::uint64_t first, std::uint64_t count)>;

Result<Digest> tree_root(HashReader hashes, std::uint64_t size);
Result<std::vector<Digest>> inclusion_proof(HashReader hashes, std::uint64_t index, std::uint64_t size);
// Empty for old_size 0 and for equal sizes.
Result<std::vector<Digest>> consistency_proof(HashReader hashes, std::uint64_t old_size, std::uint64_t new_size);

// A growing tree in memory of its logarithm: the roots of its perfect subtrees, largest first.
class Frontier {
 public:
    Frontier() = default;
    // The frontier of the first `size` entries of a stored tree.
    static Result<Frontier> load(HashReader hashes, std::uint64_t size);

    // Called with every hash that a tile level gains, lowest level first.
    using OnTileHash = FunctionRef<void(unsigned level, std::uint64_t index, const Digest& hash)>;
    void add(const Digest& leaf, OnTileHash on_tile_hash);
    std::uint64_t size() const { return size_; }
    Digest root() const;

 private:
    std::uint64_t size_ = 0;
    std::vector<Digest> peaks_;
};

}  // namespace cloister::audit
