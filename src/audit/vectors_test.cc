// The published vectors of transparency logs (tests/vectors/tlog/README.md): hashing, proofs, tiles, notes, a whole
// log.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "audit/merkle.h"
#include "audit/note.h"
#include "audit/tiles.h"
#include "crypto/hash.h"

namespace cloister::audit {
namespace {

namespace json = boost::json;

const std::string kVectors = std::string(CLOISTER_SOURCE_DIR) + "/tests/vectors/tlog/";
constexpr std::string_view kTesseraKey =
    "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

std::string file(const std::string& name) {
    std::ifstream in(kVectors + name, std::ios::binary);
    EXPECT_TRUE(in) << name;
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}
json::value json_file(const std::string& name) { return json::parse(file(name)); }
std::string text_of(const json::value& value) { return std::string(value.as_string()); }

std::optional<Digest> digest_of(const Result<Bytes>& bytes) {
    Digest digest;
    if (!bytes || bytes->size() != digest.size()) return std::nullopt;
    std::copy(bytes->begin(), bytes->end(), digest.begin());
    return digest;
}
std::optional<Digest> from_hex(const json::value& value) { return digest_of(hex_decode(text_of(value))); }
std::optional<Digest> from_base64(const json::value& value) {
    if (!value.is_string()) return std::nullopt;
    return digest_of(base64_decode(text_of(value)));
}

// A tree in memory, all levels kept.
class Tree {
 public:
    void add(ByteView entry) {
        frontier_.add(leaf_hash(entry), [&](unsigned level, std::uint64_t index, const Digest& hash) {
            ASSERT_EQ(index, levels_.at(level).size());
            levels_[level].push_back(hash);
        });
    }
    auto reader() const {
        return [this](unsigned level, std::uint64_t first, std::uint64_t count) -> Result<std::vector<Digest>> {
            if (level >= kTileLevels || first + count > levels_[level].size()) return Error(ErrorCode::not_found);
            const auto begin = levels_[level].begin() + static_cast<std::ptrdiff_t>(first);
            return std::vector<Digest>(begin, begin + static_cast<std::ptrdiff_t>(count));
        };
    }
    const Frontier& frontier() const { return frontier_; }
    Digest root(std::uint64_t size) const {
        const auto read = reader();
        return tree_root(read, size).value();
    }
    Bytes tile(const TileId& id) const {
        Bytes bytes;
        const std::vector<Digest> hashes = reader()(id.level, id.index * kTileWidth, id.width).value();
        for (const Digest& hash : hashes) append(bytes, hash);
        return bytes;
    }

 private:
    std::array<std::vector<Digest>, kTileLevels> levels_;
    Frontier frontier_;
};

Tree tree_of_2000() {
    Tree tree;
    for (int i = 0; i < 2000; ++i) tree.add(as_bytes("leaf " + std::to_string(i)));
    return tree;
}

TEST(Rfc6962, hashes_of_leaves_and_nodes_agree_with_the_reference) {
    const json::value vectors = json_file("rfc6962_reference.json");
    for (const json::value& check : vectors.at("hash_checks").as_array()) {
        const json::object& c = check.as_object();
        Digest got;
        if (c.contains("left_ascii")) {
            // The reference hashes short strings in place of child hashes.
            got = crypto::sha256({to_bytes("\x01"), as_bytes(c.at("left_ascii").as_string().c_str()),
                                  as_bytes(c.at("right_ascii").as_string().c_str())});
        } else if (c.contains("data_ascii")) {
            got = leaf_hash(as_bytes(c.at("data_ascii").as_string().c_str()));
        } else {
            got = empty_root();
        }
        EXPECT_EQ(got, from_hex(c.at("hash"))) << c.at("what");
    }
}

TEST(Rfc6962, nodes_and_roots_of_the_classic_tree_agree_with_the_reference) {
    const json::value vectors = json_file("rfc6962_reference.json");
    std::vector<Digest> level;
    Tree tree;
    EXPECT_EQ(tree.frontier().root(), empty_root());
    const json::value& roots = vectors.at("roots_by_size");
    for (const json::value& leaf : vectors.at("leaves_hex").as_array()) {
        const Bytes bytes = hex_decode(text_of(leaf)).value();
        tree.add(bytes);
        level.push_back(leaf_hash(bytes));
        const std::string size = std::to_string(tree.frontier().size());
        const json::value& root =
            roots.is_object() ? roots.as_object().at(size) : roots.as_array().at(tree.frontier().size());
        EXPECT_EQ(tree.frontier().root(), from_hex(root)) << size;
        EXPECT_EQ(tree.root(tree.frontier().size()), from_hex(root)) << size;
    }
    for (const json::value& want : vectors.at("node_hashes_by_level").as_array()) {
        ASSERT_EQ(level.size(), want.as_array().size());
        for (std::size_t i = 0; i < level.size(); ++i) EXPECT_EQ(level[i], from_hex(want.as_array()[i]));
        std::vector<Digest> above;
        for (std::size_t i = 0; i + 1 < level.size(); i += 2) above.push_back(node_hash(level[i], level[i + 1]));
        level = above;
    }
}

// Where sizes are equal only the equality of the roots counts, and some cases use a few words for them.
std::optional<Digest> root_or_words(const json::value& value) {
    if (const auto root = from_base64(value)) return root;
    const auto words = value.is_string() ? base64_decode(text_of(value)) : Result<Bytes>(Bytes());
    if (!words || words->empty()) return std::nullopt;
    return crypto::sha256(*words);
}

template <class Check>
std::size_t for_each_proof(const std::string& name, Check accepts) {
    std::istringstream lines(file(name));
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        const json::value parsed = json::parse(line);
        const json::object& c = parsed.as_object();
        std::optional<std::vector<Digest>> proof = std::vector<Digest>();
        if (c.at("proof").is_array())
            for (const json::value& item : c.at("proof").as_array()) {
                const auto digest = from_base64(item);
                if (!digest) proof.reset();
                if (!proof) break;
                proof->push_back(*digest);
            }
        // A hash that does not have 32 bytes cannot even be said here; that is the refusal the case wants.
        EXPECT_EQ(proof.has_value() && accepts(c, *proof), !c.at("wantErr").as_bool()) << line.substr(0, 80);
    }
    return count;
}

TEST(MerkleProofs, inclusion_cases_of_transparency_dev_are_decided_alike) {
    const std::size_t cases =
        for_each_proof("merkle-proofs/inclusion.jsonl", [](const json::object& c, const std::vector<Digest>& proof) {
            const auto leaf = from_base64(c.at("leafHash"));
            const auto root = from_base64(c.at("root"));
            return leaf && root &&
                   verify_inclusion(c.at("leafIdx").to_number<std::uint64_t>(),
                                    c.at("treeSize").to_number<std::uint64_t>(), *leaf, proof, *root);
        });
    EXPECT_EQ(cases, 98U);
}

TEST(MerkleProofs, consistency_cases_of_transparency_dev_are_decided_alike) {
    const std::size_t cases =
        for_each_proof("merkle-proofs/consistency.jsonl", [](const json::object& c, const std::vector<Digest>& proof) {
            const auto old_root = root_or_words(c.at("root1"));
            const auto new_root = root_or_words(c.at("root2"));
            return old_root && new_root &&
                   verify_consistency(c.at("size1").to_number<std::uint64_t>(),
                                      c.at("size2").to_number<std::uint64_t>(), proof, *old_root, *new_root);
        });
    EXPECT_EQ(cases, 98U);
}

TEST(DerivedTree, every_root_up_to_2000_is_right_from_the_frontier_and_from_the_levels) {
    const json::value vectors = json_file("derived_tree_2000.json");
    Tree tree;
    Bytes all;
    for (int i = 0; i < 2000; ++i) {
        tree.add(as_bytes("leaf " + std::to_string(i)));
        append(all, tree.frontier().root());
    }
    EXPECT_EQ(crypto::sha256(all), from_hex(vectors.at("sha256_of_all_roots_1_to_2000_concatenated")));
    for (const auto& root : vectors.at("roots").as_object()) {
        const std::uint64_t size = std::stoull(std::string(root.key()));
        EXPECT_EQ(tree.root(size), from_hex(root.value())) << size;
        const auto reader = tree.reader();
        EXPECT_EQ(Frontier::load(reader, size).value().root(), from_hex(root.value())) << size;
    }
}

TEST(DerivedTree, proofs_are_made_as_listed_and_verify) {
    const json::value vectors = json_file("derived_tree_2000.json");
    const Tree tree = tree_of_2000();
    const auto reader = tree.reader();
    for (const json::value& value : vectors.at("proofs").as_array()) {
        const json::object& c = value.as_object();
        std::vector<Digest> want;
        for (const json::value& item : c.at("proof_hex").as_array()) want.push_back(from_hex(item).value());
        if (c.at("type").as_string() == "inclusion") {
            const auto index = c.at("index").to_number<std::uint64_t>();
            const auto size = c.at("tree_size").to_number<std::uint64_t>();
            EXPECT_EQ(inclusion_proof(reader, index, size).value(), want) << json::serialize(value);
            const Digest leaf = leaf_hash(as_bytes("leaf " + std::to_string(index)));
            EXPECT_TRUE(verify_inclusion(index, size, leaf, want, tree.root(size)));
        } else {
            const json::value* old_value = c.if_contains("old_size");
            if (old_value == nullptr) old_value = &c.at("size1");
            const json::value* new_value = c.if_contains("new_size");
            if (new_value == nullptr) new_value = &c.at("size2");
            const auto old_size = old_value->to_number<std::uint64_t>();
            const auto new_size = new_value->to_number<std::uint64_t>();
            EXPECT_EQ(consistency_proof(reader, old_size, new_size).value(), want) << json::serialize(value);
            EXPECT_TRUE(verify_consistency(old_size, new_size, want, tree.root(old_size), tree.root(new_size)));
        }
    }
}

TEST(DerivedTree, proofs_of_all_pairs_of_small_sizes_verify_and_no_other_root_is_accepted) {
    const Tree tree = tree_of_2000();
    const auto reader = tree.reader();
    for (std::uint64_t size = 1; size <= 70; ++size) {
        for (std::uint64_t i = 0; i < size; ++i) {
            const auto proof = inclusion_proof(reader, i, size).value();
            const Digest leaf = leaf_hash(as_bytes("leaf " + std::to_string(i)));
            ASSERT_TRUE(verify_inclusion(i, size, leaf, proof, tree.root(size)));
            ASSERT_FALSE(verify_inclusion(i, size, leaf, proof, tree.root(size + 1)));
        }
        for (std::uint64_t old = 1; old <= size; ++old) {
            const auto proof = consistency_proof(reader, old, size).value();
            ASSERT_TRUE(verify_consistency(old, size, proof, tree.root(old), tree.root(size)));
            ASSERT_FALSE(verify_consistency(old, size, proof, tree.root(old + 1), tree.root(size)));
        }
    }
    EXPECT_EQ(inclusion_proof(reader, 5, 5).error().code(), ErrorCode::invalid_argument);
    EXPECT_EQ(consistency_proof(reader, 6, 5).error().code(), ErrorCode::invalid_argument);
}

TEST(DerivedTree, tiles_and_their_shapes_are_as_listed) {
    const json::value vectors = json_file("derived_tree_2000.json");
    const Tree tree = tree_of_2000();
    for (const json::value& value : vectors.at("tiles").as_array()) {
        const std::string path = text_of(value.at("path")).substr(5);  // without "tile/"
        const std::size_t slash = path.find('/');
        const TileId id = parse_tile_path(path.substr(0, slash), path.substr(slash + 1)).value();
        EXPECT_TRUE(is_within(id, value.at("tree_size").to_number<std::uint64_t>()));
        EXPECT_EQ(tile_path(id), text_of(value.at("path")));
        EXPECT_EQ(crypto::sha256(tree.tile(id)), from_hex(value.at("sha256"))) << path;
    }
    for (const auto& shape : vectors.at("tile_shape_by_size").as_object()) {
        const std::uint64_t size = std::stoull(std::string(shape.key()));
        for (const json::value& level : shape.value().as_array()) {
            const auto number = level.at("level").to_number<unsigned>();
            EXPECT_EQ(hashes_at_level(number, size) / kTileWidth, level.at("full").to_number<std::uint64_t>());
            EXPECT_EQ(partial_width(number, size), level.at("partial_width").to_number<unsigned>());
        }
    }
}

TEST(TilePaths, are_written_and_read_as_tessera_does) {
    const json::value vectors = json_file("tile_paths.json");
    const auto width_of = [](unsigned partial) { return partial == 0 ? 256U : partial; };
    for (const json::value& c : vectors.at("format_tile").as_array())
        EXPECT_EQ(tile_path({c.at("level").to_number<unsigned>(), c.at("index").to_number<std::uint64_t>(),
                             width_of(c.at("partial").to_number<unsigned>())}),
                  text_of(c.at("path")));
    for (const json::value& c : vectors.at("format_entries_for_index").as_array()) {
        const auto bundle = c.at("seq").to_number<std::uint64_t>() / kTileWidth;
        const auto size = c.at("log_size").to_number<std::uint64_t>();
        const bool full = (bundle + 1) * kTileWidth <= size;
        EXPECT_EQ(bundle_path(bundle, full ? 256U : partial_width(0, size)), text_of(c.at("path")));
    }
    for (const json::value& c : vectors.at("parse_ok").as_array()) {
        const json::array& want = c.at("want").as_array();
        const auto id = parse_tile_path(text_of(c.at("level")), text_of(c.at("index")));
        ASSERT_TRUE(id) << json::serialize(c);
        EXPECT_EQ(*id, (TileId{want[0].to_number<unsigned>(), want[1].to_number<std::uint64_t>(),
                               width_of(want[2].to_number<unsigned>())}));
    }
    for (const json::value& c : vectors.at("parse_error").as_array())
        EXPECT_FALSE(parse_tile_path(text_of(c.as_array()[0]), text_of(c.as_array()[1]))) << json::serialize(c);
}

TEST(TilePaths, other_spellings_of_the_same_tile_are_refused) {
    for (const char* index : {"", "x000/001", "1", "0001", "001.p/0", "001.p/01", "001.p/+1", "x001/001.p/1/", "/001"})
        EXPECT_FALSE(parse_bundle_path(index)) << index;
    for (const char* level : {"", "00", "01", "+1", " 1"}) EXPECT_FALSE(parse_tile_path(level, "001")) << level;
}

TEST(EntryBundles, are_parsed_as_tessera_does) {
    const json::value vectors = json_file("tile_paths.json");
    for (const json::value& c : vectors.at("bundle_parse").as_array()) {
        const Bytes bundle = hex_decode(text_of(c.at("hex"))).value();
        const auto entries = parse_bundle(bundle);
        ASSERT_EQ(entries.has_value(), !c.at("error").as_bool());
        if (!entries) continue;
        ASSERT_EQ(entries->size(), c.at("entries_hex").as_array().size());
        for (std::size_t i = 0; i < entries->size(); ++i)
            EXPECT_EQ(hex_encode((*entries)[i]), text_of(c.at("entries_hex").as_array()[i]));
    }
}

std::string_view outcome(const Result<Note>& note) {
    if (note) return "ok";
    if (note.error().code() == ErrorCode::wrong_key) return "unverified";
    if (note.error().code() == ErrorCode::corrupt) return "invalid_signature";
    return "malformed";
}

std::vector<std::string> names_in(const json::value& value, const char* member) {
    std::vector<std::string> names;
    if (const json::value* list = value.as_object().if_contains(member))
        for (const json::value& name : list->as_array()) names.push_back(text_of(name));
    return names;
}
std::vector<std::string> names_of(const std::vector<NoteSignature>& signatures) {
    std::vector<std::string> names;
    for (const NoteSignature& signature : signatures) names.push_back(signature.name);
    return names;
}

TEST(SignedNotes, open_as_the_specification_and_the_go_implementation_say) {
    const json::value vectors = json_file("signed_notes.json");
    for (const json::value& c : vectors.at("open_cases").as_array()) {
        std::vector<VerifierKey> keys;
        for (const json::value& key : c.at("verifier_keys").as_array())
            keys.push_back(parse_verifier_key(text_of(key)).value());
        const auto note = open_note(text_of(c.at("message")), keys);
        EXPECT_EQ(outcome(note), text_of(c.at("want"))) << c.at("name");
        if (!note) continue;
        EXPECT_EQ(names_of(note->verified), names_in(c, "verified")) << c.at("name");
        EXPECT_EQ(names_of(note->unverified), names_in(c, "unverified")) << c.at("name");
        EXPECT_EQ(note->text, text_of(c.at("message")).substr(0, note->text.size()));
    }
    EXPECT_EQ(outcome(open_note("\xff\n\n\xe2\x80\x94 a AAAAAAA=\n", {})), "malformed");
}

TEST(SignedNotes, verifier_keys_round_trip_and_bad_ones_are_refused) {
    const json::value vectors = json_file("signed_notes.json");
    for (const json::value& bad : vectors.at("bad_verifier_keys").as_array())
        EXPECT_FALSE(parse_verifier_key(text_of(bad))) << bad;
    EXPECT_EQ(format_verifier_key(parse_verifier_key(kTesseraKey).value()), kTesseraKey);
    for (const char* name : {"", "a b", "a+b",
                             "a\xc2\xa0"
                             "b",
                             "a\xff"})
        EXPECT_FALSE(make_verifier_key(name, crypto::PublicKey{})) << name;
}

TEST(SignedNotes, a_note_is_signed_as_the_go_implementation_signs_it) {
    const json::value vectors = json_file("signed_notes.json");
    // PRIVATE+KEY+<name>+<id>+base64(0x01 || seed)
    const std::string secret = text_of(vectors.at("signer_keys").at("PeterNeumann"));
    constexpr std::size_t kBase64Of33Bytes = 44;
    const Bytes typed = base64_decode(secret.substr(secret.size() - kBase64Of33Bytes)).value();
    auto seed = crypto::SigningSeed::zeroed();
    std::copy(typed.begin() + 1, typed.end(), seed.fill().begin());
    const crypto::SigningKey key(seed);
    const json::value& c = vectors.at("sign_case");
    EXPECT_EQ(sign_note(text_of(c.at("text")), "PeterNeumann", key).value(), text_of(c.at("want")));
    EXPECT_FALSE(sign_note("no newline", "PeterNeumann", key));
    EXPECT_FALSE(sign_note("text\n", "Peter Neumann", key));
}

TEST(TesseraLog, every_checkpoint_tile_and_bundle_agrees) {
    const VerifierKey key = parse_verifier_key(kTesseraKey).value();
    const std::vector<std::string> entries = {"one",  "two", "three",  "four",  "five",     "six",     "seven", "eit",
                                              "nain", "ten", "ileven", "twelf", "threeten", "fourten", "fivten"};
    Tree tree;
    Bytes bundle;
    std::vector<Digest> roots;
    for (std::size_t size = 0; size <= entries.size(); ++size) {
        const std::string note = file("tessera-log/checkpoint." + std::to_string(size));
        const Checkpoint checkpoint = open_checkpoint(note, key).value();
        EXPECT_EQ(checkpoint.size, size);
        EXPECT_EQ(checkpoint.root, tree.frontier().root());
        EXPECT_EQ(format_checkpoint(checkpoint) + note.substr(note.rfind("\n\n") + 1), note);
        roots.push_back(checkpoint.root);
        if (size != 0) {
            const auto width = static_cast<unsigned>(size);
            EXPECT_EQ(to_bytes(file("tessera-log/" + tile_path({0, 0, width}))), tree.tile({0, 0, width}));
            EXPECT_EQ(to_bytes(file("tessera-log/" + bundle_path(0, width))), bundle);
        }
        if (size == entries.size()) break;
        tree.add(as_bytes(entries[size]));
        append_to_bundle(bundle, as_bytes(entries[size]));
    }
    const auto reader = tree.reader();
    for (std::size_t old = 1; old < roots.size(); ++old)
        EXPECT_TRUE(verify_consistency(old, 15, consistency_proof(reader, old, 15).value(), roots[old], roots[15]));
}

TEST(Checkpoints, that_are_not_spelled_exactly_are_refused) {
    const std::string root = base64_encode(empty_root());
    EXPECT_TRUE(parse_checkpoint("a\n0\n" + root + "\n"));
    EXPECT_TRUE(parse_checkpoint("a\n0\n" + root + "\nmore\n"));
    for (const std::string& bad :
         {"a\n0\n" + root, "\n0\n" + root + "\n", "a\n00\n" + root + "\n", "a\n+5\n" + root + "\n",
          "a\n5 \n" + root + "\n", "a\n\n" + root + "\n", "a\n18446744073709551616\n" + root + "\n",
          std::string("a\n0\n\n"), "a\n0\n" + root.substr(1) + "\n", "a\n0\n" + root + "\n\n", std::string("a\n0\n"),
          std::string()})
        EXPECT_FALSE(parse_checkpoint(bad)) << bad;
}

TEST(Checkpoints, of_another_log_or_with_any_byte_changed_do_not_open) {
    const VerifierKey key = parse_verifier_key(kTesseraKey).value();
    const std::string good = file("tessera-log/checkpoint.15");
    ASSERT_TRUE(open_checkpoint(good, key));
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 1);
        EXPECT_FALSE(open_checkpoint(bad, key)) << i;
    }
    for (std::size_t length = 0; length < good.size(); ++length)
        EXPECT_FALSE(open_checkpoint(good.substr(0, length), key));
}

}  // namespace
}  // namespace cloister::audit
