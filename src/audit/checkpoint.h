#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/keys.h"
#include "base/hash.h"
#include "base/result.h"

namespace doorward::audit {

/// The head of one epoch's tree: C2SP tlog-checkpoint. The origin is `doorward.log/<writer>/<epoch>`.
struct Checkpoint {
  std::string writer;
  std::uint64_t epoch = 0;
  std::uint64_t size = 0;
  Digest root{};
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

std::string origin_of(std::string_view writer, std::uint64_t epoch);

/// The note text that is signed: three lines, each ended by a newline.
std::string note_text(const Checkpoint& checkpoint);

/// The verifier key line of C2SP signed-note: `<name>+<key id in hex>+<base64(type || key)>`.
std::string verifier_key(std::string_view name, const PublicKey& key);

/// The whole signed note: text, blank line, one signature line under the origin as key name.
Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, const Signer& signer);

/// Reads a note and requires a valid signature by one of `keys` under the origin's name; signatures by others
/// (witnesses) are passed over. Denied: no valid signature. Invalid: not a checkpoint of ours.
Result<Checkpoint> open_checkpoint(std::string_view note, std::span<const PublicKey> keys);

/// Reads the text alone, whoever signed it.
Result<Checkpoint> parse_checkpoint(std::string_view note);

/// The notes of a file of checkpoints: notes joined by one blank line. A torn last one is left out and told
/// by `torn`, if given.
std::vector<std::string> split_notes(std::string_view file, bool* torn = nullptr);

/// The notes of an epoch of a writer, `<log>/<writer>`, oldest first.
Result<std::vector<std::string>> read_notes(const std::string& writer_directory, std::uint64_t epoch);

}  // namespace doorward::audit
