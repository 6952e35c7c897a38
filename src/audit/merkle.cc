#include "audit/merkle.h"

#include <algorithm>
#include <bit>

#include "crypto/hash.h"

namespace cloister::audit {
namespace {

using Hashes = std::vector<Digest>;

Digest fold(Hashes hashes) {
    while (hashes.size() > 1) {
        for (std::size_t i = 0; i < hashes.size() / 2; ++i) hashes[i] = node_hash(hashes[2 * i], hashes[2 * i + 1]);
        hashes.resize(hashes.size() / 2);
    }
    return hashes.front();
}

// The root of the perfect subtree of 2^height entries that begins at entry index * 2^height.
Result<Digest> subtree_root(HashReader reader, unsigned height, std::uint64_t index) {
    const unsigned level = height / kTileHeight;
    const std::uint64_t count = std::uint64_t{1} << (height % kTileHeight);
    CLOISTER_ASSIGN_OR_RETURN(Hashes hashes, reader(level, index * count, count));
    if (hashes.size() != count) return Error(ErrorCode::corrupt, "a tile level is shorter than its tree");
    return fold(std::move(hashes));
}

// The root of entries [begin, end). As everywhere in RFC 6962, `begin` is aligned to the largest power of two in the
// range.
Result<Digest> range_root(HashReader reader, std::uint64_t begin, std::uint64_t end) {
    std::vector<Digest> lefts;
    while (!std::has_single_bit(end - begin)) {
        const std::uint64_t k = std::bit_floor(end - begin);
        CLOISTER_ASSIGN_OR_RETURN(const Digest left,
                                  subtree_root(reader, static_cast<unsigned>(std::countr_zero(k)), begin / k));
        lefts.push_back(left);
        begin += k;
    }
    const std::uint64_t width = end - begin;
    CLOISTER_ASSIGN_OR_RETURN(Digest root,
                              subtree_root(reader, static_cast<unsigned>(std::countr_zero(width)), begin / width));
    for (auto left = lefts.rbegin(); left != lefts.rend(); ++left) root = node_hash(*left, root);
    return root;
}

// The largest power of two strictly below `count`, where RFC 6962 splits a tree. Requires count > 1.
std::uint64_t split_point(std::uint64_t count) { return std::bit_floor(count - 1); }

// Both cursors climb together to the next level that has a node of its own.
void climb_to_left_child(std::uint64_t& fn, std::uint64_t& sn) {
    while (fn != 0 && fn % 2 == 0) {
        fn >>= 1;
        sn >>= 1;
    }
}

}  // namespace

Digest empty_root() { return crypto::sha256(ByteView{}); }

Digest leaf_hash(ByteView entry) {
    constexpr std::byte kLeafPrefix{0x00};
    return crypto::sha256({ByteView(&kLeafPrefix, 1), entry});
}

Digest node_hash(const Digest& left, const Digest& right) {
    std::array<std::byte, 65> both;
    both[0] = std::byte{0x01};
    std::memcpy(both.data() + 1, left.data(), left.size());
    std::memcpy(both.data() + 33, right.data(), right.size());
    return crypto::sha256(ByteView(both));
}

bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf, std::span<const Digest> proof,
                      const Digest& root) {
    if (index >= size) return false;
    std::uint64_t fn = index;
    std::uint64_t sn = size - 1;
    Digest hash = leaf;
    for (const Digest& sibling : proof) {
        if (sn == 0) return false;
        if (fn % 2 == 1 || fn == sn) {
            hash = node_hash(sibling, hash);
            climb_to_left_child(fn, sn);
        } else {
            hash = node_hash(hash, sibling);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && hash == root;
}

bool verify_consistency(std::uint64_t old_size, std::uint64_t new_size, std::span<const Digest> proof,
                        const Digest& old_root, const Digest& new_root) {
    if (old_size == 0 || old_size > new_size) return false;
    if (old_size == new_size) return proof.empty() && old_root == new_root;
    if (proof.empty()) return false;

    std::uint64_t fn = old_size - 1;
    std::uint64_t sn = new_size - 1;
    while (fn % 2 == 1) {
        fn >>= 1;
        sn >>= 1;
    }
    // An old tree that is one perfect subtree is its own first proof item.
    const bool implied = std::has_single_bit(old_size);
    Digest old_hash = implied ? old_root : proof.front();
    Digest new_hash = old_hash;
    for (const Digest& item : implied ? proof : proof.subspan(1)) {
        if (sn == 0) return false;
        if (fn % 2 == 1 || fn == sn) {
            old_hash = node_hash(item, old_hash);
            new_hash = node_hash(item, new_hash);
            climb_to_left_child(fn, sn);
        } else {
            new_hash = node_hash(new_hash, item);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && old_hash == old_root && new_hash == new_root;
}

Result<Digest> tree_root(HashReader hashes, std::uint64_t size) {
    if (size == 0) return empty_root();
    return range_root(hashes, 0, size);
}

Result<std::vector<Digest>> inclusion_proof(HashReader hashes, std::uint64_t index, std::uint64_t size) {
    if (index >= size) return Error(ErrorCode::invalid_argument, "the index lies beyond the tree");
    Hashes proof;  // from the root down, turned round at the end
    std::uint64_t begin = 0;
    std::uint64_t end = size;
    while (end - begin > 1) {
        const std::uint64_t middle = begin + split_point(end - begin);
        const bool in_left = index < middle;
        CLOISTER_ASSIGN_OR_RETURN(const Digest sibling,
                                  in_left ? range_root(hashes, middle, end) : range_root(hashes, begin, middle));
        proof.push_back(sibling);
        (in_left ? end : begin) = middle;
    }
    std::reverse(proof.begin(), proof.end());
    return proof;
}

Result<std::vector<Digest>> consistency_proof(HashReader hashes, std::uint64_t old_size, std::uint64_t new_size) {
    if (old_size > new_size) return Error(ErrorCode::invalid_argument, "the old tree is larger than the new one");
    if (old_size == 0 || old_size == new_size) return Hashes{};
    Hashes proof;
    std::uint64_t begin = 0;
    std::uint64_t end = new_size;
    while (end != old_size) {
        const std::uint64_t middle = begin + split_point(end - begin);
        const bool in_left = old_size <= middle;
        CLOISTER_ASSIGN_OR_RETURN(const Digest other,
                                  in_left ? range_root(hashes, middle, end) : range_root(hashes, begin, middle));
        proof.push_back(other);
        (in_left ? end : begin) = middle;
    }
    // The last subtree is known to the verifier when it is the whole old tree.
    if (begin != 0) {
        CLOISTER_ASSIGN_OR_RETURN(const Digest rest, range_root(hashes, begin, end));
        proof.push_back(rest);
    }
    std::reverse(proof.begin(), proof.end());
    return proof;
}

Result<Frontier> Frontier::load(HashReader hashes, std::uint64_t size) {
    Frontier frontier;
    std::uint64_t begin = 0;
    while (begin != size) {
        const std::uint64_t width = std::bit_floor(size - begin);
        CLOISTER_ASSIGN_OR_RETURN(const Digest peak,
                                  subtree_root(hashes, static_cast<unsigned>(std::countr_zero(width)), begin / width));
        frontier.peaks_.push_back(peak);
        begin += width;
    }
    frontier.size_ = size;
    return frontier;
}

void Frontier::add(const Digest& leaf, OnTileHash on_tile_hash) {
    Digest hash = leaf;
    unsigned height = 0;
    on_tile_hash(0, size_, hash);
    for (std::uint64_t carry = size_; carry % 2 == 1; carry >>= 1) {
        hash = node_hash(peaks_.back(), hash);
        peaks_.pop_back();
        ++height;
        if (height % kTileHeight == 0) on_tile_hash(height / kTileHeight, size_ >> height, hash);
    }
    peaks_.push_back(hash);
    ++size_;
}

Digest Frontier::root() const {
    if (peaks_.empty()) return empty_root();
    Digest root = peaks_.back();
    for (auto left = peaks_.rbegin() + 1; left != peaks_.rend(); ++left) root = node_hash(*left, root);
    return root;
}

}  // namespace cloister::audit
