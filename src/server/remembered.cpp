#include "server/remembered.h"

#include <optional>

#include "base/ids.h"
#include "json/reader.h"
#include "json/writer.h"

namespace doorward::server {
namespace {

struct Note {
  Remembered remembered;
  std::string fingerprint;
};

std::optional<std::int64_t> whole(json::Value value) {
  if (!value.is(json::Type::number)) return std::nullopt;
  std::int64_t number = 0;
  const std::string_view text = value.number();
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Note> read_note(const std::string& text) {
  json::Reader reader;
  const auto value = reader.read(text);
  if (!value) return std::nullopt;
  const json::Value id = value->find("id");
  const json::Value fingerprint = value->find("fingerprint");
  const auto version = whole(value->find("version"));
  const auto since = whole(value->find("since_us"));
  if (!id.is(json::Type::string) || !is_uuid(id.string()) || !fingerprint.is(json::Type::string) ||
      !version || !since) {
    return std::nullopt;
  }
  return Note{{std::string(id.string()), static_cast<std::uint64_t>(*version), *since},
              std::string(fingerprint.string())};
}

std::string write_note(const Note& note) {
  std::string out;
  json::Writer(out)
      .begin_object()
      .key("id")
      .string(note.remembered.id)
      .key("version")
      .number(note.remembered.version)
      .key("since_us")
      .number(note.remembered.since_us)
      .key("fingerprint")
      .string(note.fingerprint)
      .end_object();
  return out;
}

}  // namespace

Result<Remembered> remember(store::Store& store, std::string_view kind, std::string_view name,
                            std::string_view fingerprint, std::int64_t now_us) {
  const std::string key = "yaml/" + std::string(kind) + "/" + std::string(name);
  const auto stored = store.setting(key);
  if (!stored) return std::unexpected(stored.error());
  Note note{{make_uuid(), 1, now_us}, std::string(fingerprint)};
  if (stored->has_value()) {
    const auto known = read_note(**stored);
    if (!known) {
      return fail(ErrorKind::corrupt,
                  "the store's note \"" + key + "\" cannot be read; restore doorward.db from a copy");
    }
    if (known->fingerprint == fingerprint) return known->remembered;
    note.remembered = known->remembered;
    ++note.remembered.version;
  }
  if (const Status written = store.set_setting(key, write_note(note)); !written)
    return std::unexpected(written.error());
  return note.remembered;
}

}  // namespace doorward::server
