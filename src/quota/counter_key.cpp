#include "quota/counter_key.h"

#include <string>

#include "base/hash.h"

namespace doorward::quota {
namespace {

void append_number(std::string& out, std::uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>(number >> shift & 0xff);
}

void append_part(std::string& out, std::string_view part) {
  append_number(out, part.size());
  out += part;
}

std::uint64_t number_at(const Digest& digest, std::size_t at) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) number = number << 8 | digest[at + i];
  return number;
}

}  // namespace

CounterKey counter_key(const CounterName& name) {
  const bool rolling = name.window.kind == Window::Kind::rolling;
  std::string text = "doorward counter 1";
  text += static_cast<char>(name.holder_kind);
  append_part(text, name.holder_kind == HolderKind::organisation ? std::string_view() : name.server);
  append_part(text, name.holder);
  append_part(text, name.counter);
  text += static_cast<char>(name.window.kind);
  append_number(text, rolling ? name.window.seconds : 0);
  append_part(text, rolling ? std::string_view() : name.zone != nullptr ? name.zone->name() : "UTC");
  const Digest digest = sha256(text);
  return {number_at(digest, 0), number_at(digest, 8)};
}

}  // namespace doorward::quota
