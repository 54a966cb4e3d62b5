#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "audit/log_writer.h"
#include "base/random.h"
#include "gateway/bundle_names.h"
#include "gateway/count_keeper.h"
#include "gateway/gateway.h"
#include "gateway/peer_counts.h"
#include "base/seal.h"
#include "gateway/server_eras.h"
#include "gateway/task_table.h"
#include "gateway/tool_reports.h"
#include "http/host_guard.h"
#include "io/resolver.h"
#include "quota/table.h"
#include "upstream/token_slot.h"

namespace doorward::gateway {

class Worker;

/// What the workers of one gateway have in common. Made before the first worker, destroyed after the last.
struct Shared {
  Shared(const Options& settings, std::string arguments_key, std::string_view sealing_key);
  ~Shared();

  /// Keys, log (with recovery), counts and workers, none of which has started.
  static Result<std::unique_ptr<Shared>> open(Options options, const std::shared_ptr<const World>& world);
  /// Ends the workers, then the log, and writes the counts.
  Status close();

  Options options;
  std::string digest_key;  ///< of the keyed digests of arguments
  Sealer sealer;
  TaskTable tasks;
  EraBoard eras;
  std::unique_ptr<http::HostGuard> guard;
  std::unique_ptr<quota::Table> quotas;
  std::unique_ptr<audit::LogWriter> log;
  std::unique_ptr<CountKeeper> keeper;
  std::unique_ptr<io::Resolver> resolver;
  std::vector<std::unique_ptr<Worker>> workers;
  std::atomic<bool> workers_stand{false};  ///< all of them are made: the audit thread may speak to them
  std::atomic<std::size_t> connections{0};
  PeerCounts peers;
  ToolReports tool_reports;
  NameClaims name_claims;  ///< of bundles
  const std::string hop = random_id("");  ///< the name of this process among gateways in a row
  upstream::TokenBoard tokens;  ///< for the servers that want one
};

}  // namespace doorward::gateway
