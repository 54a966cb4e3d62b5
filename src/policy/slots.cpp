#include "policy/slots.h"

namespace doorward::policy {

std::uint32_t KeyTable::add(std::string_view key) {
  if (const std::uint32_t known = find(key); known != kNone) return known;
  keys_.emplace_back(key);
  if (keys_.size() * 4 > cells_.size()) {
    cells_.assign(cells_.size() * 2, kNone);
    mask_ = cells_.size() - 1;
    for (std::uint32_t slot = 0; slot + 1 < keys_.size(); ++slot) place(slot);
  }
  const auto slot = static_cast<std::uint32_t>(keys_.size() - 1);
  place(slot);
  return slot;
}

void KeyTable::place(std::uint32_t slot) {
  std::size_t at = hash(keys_[slot]) & mask_;
  while (cells_[at] != kNone) at = (at + 1) & mask_;
  cells_[at] = slot;
}

}  // namespace doorward::policy
