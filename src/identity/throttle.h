#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace doorward::identity {

/// How often a password may be tried (attack cases T220, T282). Failures are counted for a user at an address, for the
/// address and for the user; past a free number each further try waits twice as long. A user who has logged in from an
/// address before is held up there by the failures of that pair alone: whoever tries a user's name from elsewhere, or other
/// names from the same proxy, does not lock that user out. Names are counted whether or not such a user exists.
/// Forgets in an hour; bounded. Times are monotonic microseconds. One thread.
class Throttle {
 public:
  /// Counts a try as failed; returns how many microseconds it must wait instead, 0: go on. A try that must wait is not
  /// counted.
  std::int64_t begin(std::string_view user, std::string_view address, std::int64_t now_us);
  /// The try was right: it counts no more, and the pair begins anew.
  void succeeded(std::string_view user, std::string_view address, std::int64_t now_us);

  static constexpr std::size_t kMostEntries = 20'000;

 private:
  struct Entry {
    std::string key;
    unsigned failures = 0;
    bool known = false;  ///< a pair that was right once
    std::int64_t last_us = 0;
    std::int64_t until_us = 0;  ///< no try before it
  };
  struct Bound {
    unsigned free;
    std::int64_t most_us;
  };
  using Entries = std::list<Entry>;

  Entry& entry(std::string key, std::int64_t now_us);
  static void count(Entry& entry, const Bound& bound, std::int64_t now_us);

  static constexpr Bound kPair{5, 900'000'000};
  static constexpr Bound kAddress{20, 900'000'000};
  static constexpr Bound kUser{100, 60'000'000};

  Entries entries_;  ///< the latest used first
  std::unordered_map<std::string_view, Entries::iterator> index_;
};

}  // namespace doorward::identity
