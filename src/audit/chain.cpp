#include "audit/chain.h"

#include "audit/segment.h"
#include "base/encoding.h"

namespace doorward::audit {

Chain::Chain(std::string writer, std::uint64_t epoch)
    : writer_(std::move(writer)), epoch_(epoch), prev_(kNoPrev) {}

void Chain::append(std::string& out, std::string_view members) {
  const std::size_t begin = out.size();
  append_head(out, writer_, epoch_, tree_.size(), prev_);
  out.append(members);
  out += '}';
  const Digest leaf = leaf_hash(hash_, std::string_view(out).substr(begin));
  out += '\n';
  tree_.add(hash_, leaf);
  prev_.clear();
  append_hex(prev_, leaf);
}

Checkpoint Chain::head() {
  return {writer_, epoch_, tree_.size(), tree_.root(hash_)};
}

}  // namespace doorward::audit
