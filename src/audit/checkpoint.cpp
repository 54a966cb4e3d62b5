#include "audit/checkpoint.h"

#include <charconv>

#include "audit/segment.h"
#include "base/encoding.h"

namespace doorward::audit {
namespace {

constexpr std::string_view kOrigin = "doorward.log/";
constexpr std::string_view kDash = "\xe2\x80\x94 ";  // U+2014 and a space begin a signature line
constexpr std::size_t kKeyIdBytes = 4;

std::string key_id(std::string_view name, const PublicKey& key) {
  std::string input(name);
  input += '\n';
  input += static_cast<char>(key.type);
  input += key.bytes;
  const Digest digest = sha256(input);
  return {reinterpret_cast<const char*>(digest.data()), kKeyIdBytes};
}

/// Takes the next line, without its newline, off `text`; false where no whole line is left.
bool take_line(std::string_view& text, std::string_view& line) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return false;
  line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return true;
}

bool parse_number(std::string_view text, std::uint64_t& value) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return false;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string origin_of(std::string_view writer, std::uint64_t epoch) {
  return std::string(kOrigin).append(writer).append("/").append(std::to_string(epoch));
}

std::string note_text(const Checkpoint& checkpoint) {
  return origin_of(checkpoint.writer, checkpoint.epoch) + "\n" + std::to_string(checkpoint.size) + "\n" +
         to_base64(checkpoint.root) + "\n";
}

std::string verifier_key(std::string_view name, const PublicKey& key) {
  std::string typed(1, static_cast<char>(key.type));
  typed += key.bytes;
  return std::string(name) + "+" + to_hex(bytes_of(key_id(name, key))) + "+" + to_base64(bytes_of(typed));
}

Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, const Signer& signer) {
  std::string note = note_text(checkpoint);
  Result<std::string> signature = signer.sign(note);
  if (!signature) return signature;
  const std::string name = origin_of(checkpoint.writer, checkpoint.epoch);
  const std::string blob = key_id(name, signer.public_key()) + *signature;
  note.append("\n").append(kDash).append(name).append(" ").append(to_base64(bytes_of(blob))).append("\n");
  return note;
}

Result<Checkpoint> parse_checkpoint(std::string_view note) {
  const Error wrong{ErrorKind::invalid,
                    "this is no checkpoint of a Doorward log; expected the lines origin, size, root "
                    "of a signed note"};
  std::string_view origin;
  std::string_view size;
  std::string_view root;
  if (!take_line(note, origin) || !take_line(note, size) || !take_line(note, root))
    return std::unexpected(wrong);
  if (!origin.starts_with(kOrigin)) return std::unexpected(wrong);
  origin.remove_prefix(kOrigin.size());
  const std::size_t slash = origin.find('/');
  Checkpoint checkpoint;
  if (slash == std::string_view::npos || slash == 0) return std::unexpected(wrong);
  checkpoint.writer = origin.substr(0, slash);
  const std::optional<std::string> bytes = from_base64(root);
  if (!parse_number(origin.substr(slash + 1), checkpoint.epoch) || !parse_number(size, checkpoint.size) ||
      !bytes || bytes->size() != checkpoint.root.size()) {
    return std::unexpected(wrong);
  }
  std::copy(bytes->begin(), bytes->end(), checkpoint.root.begin());
  return checkpoint;
}

Result<Checkpoint> open_checkpoint(std::string_view note, std::span<const PublicKey> keys) {
  Result<Checkpoint> checkpoint = parse_checkpoint(note);
  if (!checkpoint) return checkpoint;
  const std::string text = note_text(*checkpoint);
  if (!note.starts_with(text) || !note.substr(text.size()).starts_with("\n")) {
    return fail(ErrorKind::invalid,
                "the checkpoint has lines that a Doorward log never writes; it was changed");
  }
  const std::string name = origin_of(checkpoint->writer, checkpoint->epoch);
  std::string_view rest = note.substr(text.size() + 1);
  std::string_view line;
  while (take_line(rest, line)) {
    if (!line.starts_with(kDash)) break;
    line.remove_prefix(kDash.size());
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ' ') continue;
    const std::optional<std::string> blob = from_base64(line.substr(name.size() + 1));
    if (!blob || blob->size() <= kKeyIdBytes) continue;
    for (const PublicKey& key : keys) {
      if (blob->starts_with(key_id(name, key)) &&
          verify_signature(key, text, std::string_view(*blob).substr(kKeyIdBytes))) {
        return checkpoint;
      }
    }
  }
  return fail(ErrorKind::denied,
              "the checkpoint of " + name + " at size " + std::to_string(checkpoint->size) +
                  " carries no valid signature by a key given; it is forged, or made with another key");
}

std::vector<std::string> split_notes(std::string_view file, bool* torn) {
  std::vector<std::string> notes;
  if (torn != nullptr) *torn = false;
  while (!file.empty()) {
    // A note has two parts, text and signatures, each ended by a blank line (the last one by the file's end).
    const std::size_t text_end = file.find("\n\n");
    if (text_end == std::string_view::npos) break;
    const std::size_t end = file.find("\n\n", text_end + 2);
    if (end == std::string_view::npos) {
      if (file.back() != '\n' || text_end + 2 == file.size()) break;
      notes.emplace_back(file);
      return notes;
    }
    notes.emplace_back(file.substr(0, end + 1));
    file.remove_prefix(end + 2);
  }
  if (torn != nullptr) *torn = !file.empty();
  return notes;
}

Result<std::vector<std::string>> read_notes(const std::string& writer_directory, std::uint64_t epoch) {
  const Result<MappedFile> file = MappedFile::open(checkpoints_path(writer_directory, epoch));
  if (!file) return std::unexpected(file.error());
  return split_notes(file->bytes());
}

}  // namespace doorward::audit
