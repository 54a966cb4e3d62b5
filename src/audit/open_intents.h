#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/result.h"

namespace doorward::audit {

/// Where in a writer's log a record stands.
struct RecordPlace {
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  friend auto operator<=>(const RecordPlace&, const RecordPlace&) = default;
};

/// Knows the oldest intent that has no outcome yet, and keeps its place in a small mapped file, so that a
/// start after a crash need not read the whole log for open intents. A place that is too old does no harm.
/// Audit thread.
class OpenIntents {
 public:
  static Result<std::unique_ptr<OpenIntents>> create(const std::string& path);
  /// The place that an earlier process left; the very beginning where there is none.
  static RecordPlace recover(const std::string& path);
  ~OpenIntents();

  void opened(std::string_view id, RecordPlace place);
  void closed(std::string_view id);
  /// Stores the oldest open place, or `end` where no intent is open.
  void publish(RecordPlace end);

 private:
  struct Page;
  struct Intent {
    std::size_t id;
    RecordPlace place;
  };
  OpenIntents() = default;

  Page* page_ = nullptr;
  std::deque<Intent> order_;
  std::unordered_multiset<std::size_t> open_;  ///< hashes of ids
};

}  // namespace doorward::audit
