#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/merkle.h"
#include "base/hash.h"
#include "base/result.h"

/// Proofs over one epoch's tree (RFC 9162 sections 2.1.3 and 2.1.4) and the file that carries them
/// (docs/audit-format.md, Proofs).
namespace doorward::audit {

/// Leaves `begin` up to, not including, `end`.
struct LeafRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  friend bool operator==(const LeafRange&, const LeafRange&) = default;
};

/// The subtrees whose roots make up the inclusion proof of leaf `index` in a tree of `size` leaves, in the proof's
/// order. `index` < `size`.
std::vector<LeafRange> inclusion_ranges(std::uint64_t index, std::uint64_t size);
/// Those of the consistency proof between the trees of the first `old_size` and of `size` leaves. Empty for equal sizes
/// and for an old tree without leaves.
std::vector<LeafRange> consistency_ranges(std::uint64_t old_size, std::uint64_t size);

/// Whether `path` proves that `leaf` is leaf `index` of the tree with `size` leaves and `root`.
bool inclusion_holds(const Digest& leaf, std::uint64_t index, std::uint64_t size, std::span<const Digest> path,
                     const Digest& root);
/// Whether `path` proves that the first leaves of the tree with `root` are the tree with `old_root`.
bool consistency_holds(std::uint64_t old_size, const Digest& old_root, std::uint64_t size, const Digest& root,
                       std::span<const Digest> path);

/// That a record is in the tree that a checkpoint signed.
struct InclusionProof {
  std::string record;  ///< the line without its newline
  std::uint64_t index = 0;
  std::vector<Digest> path;
  std::string checkpoint;  ///< a signed note
};

/// That the log of one checkpoint is the beginning of the log of another.
struct ConsistencyProof {
  std::string old_checkpoint;
  std::string new_checkpoint;
  std::vector<Digest> path;
};

/// What a proof file holds.
struct ProofFile {
  std::vector<InclusionProof> inclusions;
  std::vector<ConsistencyProof> consistencies;
};
std::string write_proofs(const ProofFile& proofs);
Result<ProofFile> read_proofs(std::string_view text);

/// Checks every proof of a file: signatures by one of `keys`, paths, and that a record is of the log it is proven in.
/// Nothing when all hold; else the first that does not, as a sentence.
std::optional<std::string> first_wrong(const ProofFile& proofs, std::span<const PublicKey> keys);

/// Proves records of the log directory: the one at `<writer>/<epoch>/<seq>`, or all with the id of a call. Each under the
/// smallest checkpoint that covers it. not_found: no such record; unavailable: no checkpoint covers it yet; conflict:
/// the log contradicts the checkpoint (run verify).
Result<std::vector<InclusionProof>> prove_records(const std::string& log_directory, std::string_view name);

/// Proves that the newer of two notes of one epoch extends the older. conflict: the log, or one of the notes, does not.
Result<ConsistencyProof> prove_consistency(const std::string& log_directory, std::string_view old_note,
                                           std::string_view new_note);

/// The newest checkpoint in the log of the epoch that a note is of.
Result<std::string> newest_checkpoint(const std::string& log_directory, std::string_view note);

}  // namespace doorward::audit
