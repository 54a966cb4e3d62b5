#include "audit/proof.h"

#include <gtest/gtest.h>

#include "audit/test_support.h"

namespace doorward::audit {
namespace {

using test::TempDir;

Digest leaf_of(std::uint64_t number) {
  Sha256 hash;
  return leaf_hash(hash, "record " + std::to_string(number));
}

Digest root_of(LeafRange range) {
  Sha256 hash;
  CompactTree tree;
  for (std::uint64_t i = range.begin; i < range.end; ++i) tree.add(hash, leaf_of(i));
  return tree.root(hash);
}

std::vector<Digest> path_of(const std::vector<LeafRange>& ranges) {
  std::vector<Digest> path;
  for (const LeafRange& range : ranges) path.push_back(root_of(range));
  return path;
}

// RFC 9162 section 2.1.5 works through a tree of seven leaves.
TEST(ProofTest, ThePathsOfTheRfcsExample) {
  using Ranges = std::vector<LeafRange>;
  EXPECT_EQ(inclusion_ranges(0, 7), (Ranges{{1, 2}, {2, 4}, {4, 7}}));
  EXPECT_EQ(inclusion_ranges(3, 7), (Ranges{{2, 3}, {0, 2}, {4, 7}}));
  EXPECT_EQ(inclusion_ranges(4, 7), (Ranges{{5, 6}, {6, 7}, {0, 4}}));
  EXPECT_EQ(inclusion_ranges(6, 7), (Ranges{{4, 6}, {0, 4}}));
  EXPECT_EQ(consistency_ranges(3, 7), (Ranges{{2, 3}, {3, 4}, {0, 2}, {4, 7}}));
  EXPECT_EQ(consistency_ranges(4, 7), (Ranges{{4, 7}}));
  EXPECT_EQ(consistency_ranges(6, 7), (Ranges{{4, 6}, {6, 7}, {0, 4}}));
}

TEST(ProofTest, EveryLeafOfEverySmallTreeIsProven) {
  for (std::uint64_t size = 1; size <= 40; ++size) {
    const Digest root = root_of({0, size});
    for (std::uint64_t index = 0; index < size; ++index) {
      std::vector<Digest> path = path_of(inclusion_ranges(index, size));
      EXPECT_TRUE(inclusion_holds(leaf_of(index), index, size, path, root)) << index << " of " << size;
      EXPECT_FALSE(inclusion_holds(leaf_of(index + 1), index, size, path, root));
      EXPECT_FALSE(inclusion_holds(leaf_of(index), index, size, path, root_of({1, size + 1})));
      EXPECT_FALSE(inclusion_holds(leaf_of(index), index + 1, size, path, root));
      for (Digest& node : path) {
        node[7] ^= 1;
        EXPECT_FALSE(inclusion_holds(leaf_of(index), index, size, path, root));
        node[7] ^= 1;
      }
      path.push_back(root);
      EXPECT_FALSE(inclusion_holds(leaf_of(index), index, size, path, root));
    }
  }
  EXPECT_FALSE(inclusion_holds(leaf_of(0), 0, 0, {}, leaf_of(0)));
}

TEST(ProofTest, EverySmallTreeExtendsTheSmallerOnes) {
  for (std::uint64_t size = 1; size <= 40; ++size) {
    const Digest root = root_of({0, size});
    for (std::uint64_t old_size = 1; old_size <= size; ++old_size) {
      const Digest old_root = root_of({0, old_size});
      std::vector<Digest> path = path_of(consistency_ranges(old_size, size));
      EXPECT_TRUE(consistency_holds(old_size, old_root, size, root, path)) << old_size << " in " << size;
      EXPECT_FALSE(consistency_holds(old_size, root_of({1, old_size + 2}), size, root, path));
      EXPECT_FALSE(consistency_holds(old_size, old_root, size, root_of({2, size + 2}), path));
      for (Digest& node : path) {
        node[0] ^= 1;
        EXPECT_FALSE(consistency_holds(old_size, old_root, size, root, path));
        node[0] ^= 1;
      }
      path.push_back(root);
      EXPECT_FALSE(consistency_holds(old_size, old_root, size, root, path));
    }
  }
}

/// A log of several segments with a checkpoint every few records.
struct Log {
  TempDir dir;
  std::vector<std::string> notes;

  explicit Log(std::uint64_t calls = 60, std::chrono::seconds retention = std::chrono::seconds(0)) {
    FakeClock clock;
    LogOptions options = test::options_in(dir);
    options.clock = &clock;
    options.segment_bytes = 6000;
    options.checkpoint_records = 4;
    options.retention = retention;
    options.on_checkpoint = [this](std::string_view note) { notes.emplace_back(note); };
    auto core = LogCore::open(options);
    EXPECT_TRUE(core) << core.error().message;
    for (std::uint64_t i = 0; i < calls; ++i) {
      clock.advance_us(250'000);
      EXPECT_TRUE((*core)->rings()[0]->append(test::denial(test::id_of(i), "(default deny)", clock.wall_us())));
      EXPECT_TRUE((*core)->pass({}).status);
    }
    EXPECT_TRUE((*core)->stop());
  }
  std::string log() const { return dir / "log"; }
};

TEST(ProofTest, RecordsOfALogAreProvenFromFilesAlone) {
  Log log;
  for (std::uint64_t i = 0; i < 60; i += 7) {
    auto proven = prove_records(log.log(), test::id_of(i));
    ASSERT_TRUE(proven) << proven.error().message;
    ASSERT_EQ(proven->size(), 1u);
    ProofFile file{*proven, {}};
    EXPECT_EQ(first_wrong(file, test::key_in(log.dir)), std::nullopt);
    const auto again = read_proofs(write_proofs(file));
    ASSERT_TRUE(again);
    EXPECT_EQ(write_proofs(*again), write_proofs(file));
    EXPECT_EQ(first_wrong(*again, test::key_in(log.dir)), std::nullopt);
  }
  EXPECT_EQ(prove_records(log.log(), "dec_none").error().kind, ErrorKind::not_found);
  EXPECT_FALSE(prove_records(log.log(), "gateway-x/1/99999"));
  EXPECT_FALSE(prove_records(log.log(), "../1/0"));
}

TEST(ProofTest, RecordsAreProvenAfterOlderOnesWereRemoved) {
  Log log(60, std::chrono::seconds(5));
  const auto segments = list_segments(test::only_writer(log.log()));
  ASSERT_GT(segments->front().first, 0u);
  for (std::uint64_t i = 52; i < 60; ++i) {
    auto proven = prove_records(log.log(), test::id_of(i));
    ASSERT_TRUE(proven) << proven.error().message;
    EXPECT_EQ(first_wrong({*proven, {}}, test::key_in(log.dir)), std::nullopt);
  }
}

TEST(ProofTest, CheckpointsOfOneLogAreConsistent) {
  Log log;
  ASSERT_GT(log.notes.size(), 5u);
  for (std::size_t i = 0; i < log.notes.size(); ++i) {
    auto proof = prove_consistency(log.log(), log.notes[i], log.notes.back());
    ASSERT_TRUE(proof) << proof.error().message;
    EXPECT_EQ(first_wrong({{}, {*proof}}, test::key_in(log.dir)), std::nullopt);
    std::swap(proof->old_checkpoint, proof->new_checkpoint);
    if (i + 1 == log.notes.size()) break;
    EXPECT_NE(first_wrong({{}, {*proof}}, test::key_in(log.dir)), std::nullopt);
  }
  EXPECT_EQ(prove_consistency(log.log(), log.notes.back(), log.notes.front()).error().kind, ErrorKind::invalid);
  EXPECT_EQ(*newest_checkpoint(log.log(), log.notes.front()), log.notes.back());
}

// Attack case T315: a proof of another log, another key, a record that is not the one proven.
TEST(ProofTest, T315_ForgedProofsAreRefused) {
  Log log;
  Log other;
  const auto keys = test::key_in(log.dir);
  InclusionProof proof = prove_records(log.log(), test::id_of(9))->front();
  const InclusionProof foreign = prove_records(other.log(), test::id_of(9))->front();
  EXPECT_NE(first_wrong({{foreign}, {}}, keys), std::nullopt);
  EXPECT_NE(first_wrong({{proof}, {}}, test::key_in(other.dir)), std::nullopt);
  EXPECT_NE(first_wrong({{proof}, {}}, {}), std::nullopt);
  InclusionProof mixed = proof;
  mixed.checkpoint = foreign.checkpoint;
  EXPECT_NE(first_wrong({{mixed}, {}}, keys), std::nullopt);
  mixed = proof;
  mixed.record = foreign.record;
  EXPECT_NE(first_wrong({{mixed}, {}}, keys), std::nullopt);
  mixed = proof;
  mixed.index += 1;
  EXPECT_NE(first_wrong({{mixed}, {}}, keys), std::nullopt);
  mixed = proof;
  mixed.record.replace(mixed.record.find("bob"), 3, "eve");
  EXPECT_NE(first_wrong({{mixed}, {}}, keys), std::nullopt);
  EXPECT_FALSE(read_proofs("{}"));
  EXPECT_FALSE(read_proofs(R"({"schema":"doorward.audit.proof/1","proofs":[]})"));
}

}  // namespace
}  // namespace doorward::audit
