#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "audit/file_ops.h"
#include "audit/redact.h"
#include "audit/value_file.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/seal.h"
#include "json/reader.h"

namespace doorward::audit {

/// What is kept of the arguments of calls.
enum class Keep : std::uint8_t {
  off,       ///< their names and a keyed digest alone (those stand in every record)
  redacted,  ///< their values, secrets taken out
  full,      ///< their values as they came
};

struct ArgumentOptions {
  Keep keep = Keep::off;
  std::chrono::seconds lifetime{7LL * 24 * 3600};
  std::shared_ptr<Redactor> redactor;  ///< for Keep::redacted; may be shared with whoever knows secrets
};

/// Keeps the arguments of calls for some days: in the log stands a record `call.arguments` with a salted commitment to each
/// argument, and the values lie sealed in files beside it, `arguments-<n>.jsonl`, which go when their time is over.
/// Redaction, commitments and sealing happen here, on the audit thread; what reaches it are the plain bytes in the ring.
class ArgumentStore {
 public:
  /// `key`: 32 bytes.
  ArgumentStore(FileOps& files, std::string directory, ArgumentOptions options, std::string_view key, const Clock& clock);

  /// The entry of a ring: the call's id, LF, its canonical arguments (nothing: too large to pass). Returns the members of
  /// the record; the values are pending until write().
  std::string take(std::string_view entry);

  ValueFile& file() { return file_; }
  /// The next value begins a new file; nobody writes to the older ones any more.
  void close();
  /// Removes files whose values are all over their time, by their age; how many.
  std::size_t expire();
  bool active() const { return options_.keep != Keep::off; }

 private:
  void commit(std::string& values, std::string_view id, const std::string& path, std::string_view value);

  FileOps& files_;
  std::string directory_;
  ArgumentOptions options_;
  Sealer sealer_;
  const Clock& clock_;
  ValueFile file_;
  std::int64_t opened_us_ = 0;
  json::Reader reader_;
};

/// One stored argument, opened.
struct StoredArgument {
  std::string path;
  std::string commit;  ///< hex
  std::string salt;    ///< hex
  std::string value;   ///< canonical JSON
};

/// The arguments of a call that are still kept, in all writers of a log directory. `key`: that of the store.
Result<std::vector<StoredArgument>> read_arguments(const std::string& log_directory, std::string_view key,
                                                   std::string_view call_id, std::int64_t now_us);

/// The same for many calls in one pass over the files: by the id of the call.
Result<std::map<std::string, std::vector<StoredArgument>>> read_arguments_of(
    const std::string& log_directory, std::string_view key, const std::set<std::string, std::less<>>& call_ids,
    std::int64_t now_us);

/// Name of the key in the key directory (load_or_create_secret).
inline constexpr std::string_view kArgumentKey = "stored-arguments";
inline constexpr std::string_view kArgumentFiles = "arguments-";

}  // namespace doorward::audit
