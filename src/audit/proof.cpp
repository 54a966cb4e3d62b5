#include "audit/proof.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "audit/segment.h"
#include "base/encoding.h"
#include "json/reader.h"
#include "json/writer.h"

namespace doorward::audit {
namespace {

constexpr std::string_view kSchema = "doorward.audit.proof/1";
constexpr std::size_t kLongestPath = 64;

std::uint64_t split_of(std::uint64_t size) {
  return std::bit_floor(size - 1);  // the largest power of two below the size
}

void add_inclusion(std::vector<LeafRange>& out, std::uint64_t index, LeafRange tree) {
  if (tree.end - tree.begin == 1) return;
  const std::uint64_t middle = tree.begin + split_of(tree.end - tree.begin);
  if (index < middle) {
    add_inclusion(out, index, {tree.begin, middle});
    out.push_back({middle, tree.end});
  } else {
    add_inclusion(out, index, {middle, tree.end});
    out.push_back({tree.begin, middle});
  }
}

void add_consistency(std::vector<LeafRange>& out, std::uint64_t old_end, LeafRange tree, bool whole) {
  if (old_end == tree.end) {
    if (!whole) out.push_back(tree);
    return;
  }
  const std::uint64_t middle = tree.begin + split_of(tree.end - tree.begin);
  if (old_end <= middle) {
    add_consistency(out, old_end, {tree.begin, middle}, whole);
    out.push_back({middle, tree.end});
  } else {
    add_consistency(out, old_end, {middle, tree.end}, false);
    out.push_back({tree.begin, middle});
  }
}

void write_path(json::Writer& writer, std::span<const Digest> path) {
  writer.key("path").begin_array();
  for (const Digest& node : path) writer.string(to_hex(node));
  writer.end_array();
}

std::optional<std::string> text_of(json::Value value) {
  if (!value.is(json::Type::string)) return std::nullopt;
  return std::string(value.string());
}

std::optional<std::vector<Digest>> path_of(json::Value value) {
  if (!value.is(json::Type::array) || value.size() > kLongestPath) return std::nullopt;
  std::vector<Digest> path;
  for (const json::Value node : value.elements()) {
    const auto digest = node.is(json::Type::string) ? parse_digest(node.string()) : std::nullopt;
    if (!digest) return std::nullopt;
    path.push_back(*digest);
  }
  return path;
}

std::optional<std::uint64_t> number_of(json::Value value) {
  if (!value.is(json::Type::number)) return std::nullopt;
  const std::string_view text = value.number();
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::string> wrong_inclusion(const InclusionProof& proof, std::span<const PublicKey> keys) {
  const Result<Checkpoint> head = open_checkpoint(proof.checkpoint, keys);
  if (!head) return head.error().message;
  const std::optional<RecordHead> record = parse_head(proof.record);
  if (!record) return "what is proven is no record of a log";
  if (record->writer != head->writer || record->epoch != head->epoch || record->seq != proof.index) {
    return "record " + std::to_string(record->seq) + " of " + origin_of(record->writer, record->epoch) +
           " is not record " + std::to_string(proof.index) + " of " + origin_of(head->writer, head->epoch) +
           ", in which it is said to be";
  }
  Sha256 hash;
  if (inclusion_holds(leaf_hash(hash, proof.record), proof.index, head->size, proof.path, head->root))
    return std::nullopt;
  return "the path does not lead from record " + std::to_string(proof.index) + " to the root that was signed";
}

std::optional<std::string> wrong_consistency(const ConsistencyProof& proof, std::span<const PublicKey> keys) {
  const Result<Checkpoint> old_head = open_checkpoint(proof.old_checkpoint, keys);
  if (!old_head) return old_head.error().message;
  const Result<Checkpoint> new_head = open_checkpoint(proof.new_checkpoint, keys);
  if (!new_head) return new_head.error().message;
  if (old_head->writer != new_head->writer || old_head->epoch != new_head->epoch)
    return "the two checkpoints are of different logs";
  if (consistency_holds(old_head->size, old_head->root, new_head->size, new_head->root, proof.path))
    return std::nullopt;
  return "the log of size " + std::to_string(new_head->size) + " does not begin with the log of size " +
         std::to_string(old_head->size) + ": one of them was rewritten";
}

}  // namespace

std::vector<LeafRange> inclusion_ranges(std::uint64_t index, std::uint64_t size) {
  std::vector<LeafRange> ranges;
  add_inclusion(ranges, index, {0, size});
  return ranges;
}

std::vector<LeafRange> consistency_ranges(std::uint64_t old_size, std::uint64_t size) {
  std::vector<LeafRange> ranges;
  if (old_size != 0 && old_size < size) add_consistency(ranges, old_size, {0, size}, true);
  return ranges;
}

bool inclusion_holds(const Digest& leaf, std::uint64_t index, std::uint64_t size, std::span<const Digest> path,
                     const Digest& root) {
  if (index >= size) return false;
  Sha256 hash;
  Digest node = leaf;
  std::uint64_t at = index;
  std::uint64_t last = size - 1;
  for (const Digest& sibling : path) {
    if (last == 0) return false;
    if ((at & 1) != 0 || at == last) {
      node = node_hash(hash, sibling, node);
      for (; (at & 1) == 0 && at != 0; at >>= 1) last >>= 1;
    } else {
      node = node_hash(hash, node, sibling);
    }
    at >>= 1;
    last >>= 1;
  }
  return last == 0 && node == root;
}

bool consistency_holds(std::uint64_t old_size, const Digest& old_root, std::uint64_t size, const Digest& root,
                       std::span<const Digest> path) {
  Sha256 hash;
  if (old_size > size) return false;
  if (old_size == size) return path.empty() && old_root == root;
  if (old_size == 0) return path.empty() && old_root == hash.finish();
  std::vector<Digest> nodes;
  if (std::has_single_bit(old_size)) nodes.push_back(old_root);
  nodes.insert(nodes.end(), path.begin(), path.end());
  if (nodes.empty() || path.empty()) return false;
  std::uint64_t at = old_size - 1;
  std::uint64_t last = size - 1;
  for (; (at & 1) != 0; at >>= 1) last >>= 1;
  Digest old_node = nodes.front();
  Digest node = nodes.front();
  for (const Digest& next : std::span(nodes).subspan(1)) {
    if (last == 0) return false;
    if ((at & 1) != 0 || at == last) {
      old_node = node_hash(hash, next, old_node);
      node = node_hash(hash, next, node);
      for (; (at & 1) == 0 && at != 0; at >>= 1) last >>= 1;
    } else {
      node = node_hash(hash, node, next);
    }
    at >>= 1;
    last >>= 1;
  }
  return last == 0 && old_node == old_root && node == root;
}

std::string write_proofs(const ProofFile& proofs) {
  std::string out;
  json::Writer writer(out, json::Escape::ascii);
  writer.begin_object().key("schema").string(kSchema).key("proofs").begin_array();
  for (const InclusionProof& proof : proofs.inclusions) {
    writer.begin_object().key("kind").string("inclusion").key("record").string(proof.record);
    writer.key("index").number(proof.index);
    write_path(writer, proof.path);
    writer.key("checkpoint").string(proof.checkpoint).end_object();
  }
  for (const ConsistencyProof& proof : proofs.consistencies) {
    writer.begin_object().key("kind").string("consistency").key("old").string(proof.old_checkpoint);
    writer.key("new").string(proof.new_checkpoint);
    write_path(writer, proof.path);
    writer.end_object();
  }
  writer.end_array().end_object();
  return out + "\n";
}

Result<ProofFile> read_proofs(std::string_view text) {
  const auto wrong = [] {
    return fail(ErrorKind::invalid, "this is no proof file; `doorward audit prove` writes one");
  };
  json::Reader reader;
  const auto root = reader.read(text);
  if (!root || text_of(root->find("schema")) != std::string(kSchema)) return wrong();
  ProofFile file;
  for (const json::Value item : root->find("proofs").elements()) {
    const auto kind = text_of(item.find("kind"));
    auto path = path_of(item.find("path"));
    if (!kind || !path) return wrong();
    if (*kind == "inclusion") {
      auto record = text_of(item.find("record"));
      const auto index = number_of(item.find("index"));
      auto note = text_of(item.find("checkpoint"));
      if (!record || !index || !note) return wrong();
      file.inclusions.push_back({std::move(*record), *index, std::move(*path), std::move(*note)});
    } else if (*kind == "consistency") {
      auto old_note = text_of(item.find("old"));
      auto new_note = text_of(item.find("new"));
      if (!old_note || !new_note) return wrong();
      file.consistencies.push_back({std::move(*old_note), std::move(*new_note), std::move(*path)});
    } else {
      return wrong();
    }
  }
  if (file.inclusions.empty() && file.consistencies.empty())
    return fail(ErrorKind::invalid, "the proof file holds no proof");
  return file;
}

std::optional<std::string> first_wrong(const ProofFile& proofs, std::span<const PublicKey> keys) {
  for (const InclusionProof& proof : proofs.inclusions) {
    if (auto wrong = wrong_inclusion(proof, keys)) return wrong;
  }
  for (const ConsistencyProof& proof : proofs.consistencies) {
    if (auto wrong = wrong_consistency(proof, keys)) return wrong;
  }
  return std::nullopt;
}

}  // namespace doorward::audit
