#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace doorward::store {

/// One try to deliver one message.
struct Delivery {
  std::int64_t number = 0;  ///< grows with every try; given by the store
  std::string id;           ///< of the message, the same at every try
  std::string event;
  std::string request;
  std::string channel;
  std::int64_t attempt = 1;
  std::int64_t at_us = 0;  ///< wall time
  std::string state;       ///< `delivered`, `will be tried again`, `failed`, `dropped`
  std::int64_t status = 0; ///< HTTP status or exit code, or 0
  std::string detail;      ///< what went wrong
};

/// The log of deliveries: the newest kMost tries. One thread, the one that writes the store.
class Deliveries {
 public:
  explicit Deliveries(Database& database) : database_(database) {}

  Status add(const Delivery& delivery);
  /// Newest first, of one channel or, where that is empty, of all.
  Result<std::vector<Delivery>> list(std::string_view channel, std::size_t limit);

  static constexpr std::int64_t kMost = 10'000;

 private:
  Database& database_;
};

}  // namespace doorward::store
