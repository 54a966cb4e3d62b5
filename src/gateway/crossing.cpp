#include "gateway/crossing.h"

#include <utility>

namespace doorward::gateway {

void Crossing::answer(std::string_view text, int status) {
  if (client_ == nullptr) return;
  if (status != 0) client_->on_head(status, {}, false);
  client_->on_message(text);
  // The client may have given the request up in there.
  if (client_ != nullptr) std::exchange(client_, nullptr)->on_end();
}

void Crossing::fail(const upstream::Failure& failure) {
  if (client_ != nullptr) std::exchange(client_, nullptr)->on_failure(failure);
}

}  // namespace doorward::gateway
