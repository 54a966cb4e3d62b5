#include "gateway/splice.h"

#include <algorithm>

namespace doorward::gateway {

void Splice::replace(json::Value value, std::string_view with) {
  if (!value) return;
  cuts_[count_++] = {value.begin_offset(), value.end_offset(), with};
}

void Splice::insert(std::size_t place, std::string_view what) {
  cuts_[count_++] = {place, place, what};
}

std::span<const std::string_view> Splice::pieces() {
  std::sort(cuts_.begin(), cuts_.begin() + static_cast<std::ptrdiff_t>(count_),
            [](const Cut& a, const Cut& b) { return a.begin < b.begin; });
  std::size_t used = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    pieces_[used++] = text_.substr(at, cuts_[i].begin - at);
    pieces_[used++] = cuts_[i].with;
    at = cuts_[i].end;
  }
  pieces_[used++] = text_.substr(at);
  return {pieces_.data(), used};
}

std::size_t Splice::size() {
  std::size_t total = 0;
  for (std::string_view piece : pieces()) total += piece.size();
  return total;
}

void append_without(std::string& out, std::string_view text, json::Value object,
                    std::initializer_list<std::string_view> names) {
  out += '{';
  bool first = true;
  for (const json::Member member : object.members()) {
    if (std::find(names.begin(), names.end(), member.key.string()) != names.end()) continue;
    if (!first) out += ',';
    first = false;
    out.append(text.substr(member.key.begin_offset(), member.value.end_offset() - member.key.begin_offset()));
  }
  out += '}';
}

}  // namespace doorward::gateway
