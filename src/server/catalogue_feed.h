#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/work_pool.h"
#include "catalogue/catalogue.h"
#include "gateway/pin_set.h"
#include "io/loop.h"
#include "server/inventory.h"
#include "store/store.h"

namespace doorward::server {

/// The catalogue of a state directory, opened when it is first asked for, after it could not be, and when the
/// file was replaced by another. Control thread. Whoever has it never waits for another writer for longer
/// than an operation may.
class CatalogueFile {
 public:
  explicit CatalogueFile(std::string directory) : directory_(std::move(directory)) {}

  Result<catalogue::Catalogue*> get();
  /// After an error: the next get() opens it anew.
  void close() { opened_.reset(); }
  const std::string& directory() const { return directory_; }
  /// Who is told whenever a file was opened.
  void set_listener(std::function<void()> listener) { listener_ = std::move(listener); }

 private:
  /// Which file it is; nothing where there is none.
  std::optional<std::pair<dev_t, ino_t>> identity() const;

  std::string directory_;
  std::unique_ptr<catalogue::Catalogue> opened_;
  std::optional<std::pair<dev_t, ino_t>> file_;
  std::function<void()> listener_;
};

/// Brings what the gateway meets into the catalogue: after the start what the store knows already, then what
/// the workers report. A server at a time, between other work of the control thread. A catalogue that is
/// broken or busy is told once and tried again later; the gateway goes on without.
class CatalogueFeed {
 public:
  /// All of them outlive this.
  CatalogueFeed(CatalogueFile& file, store::Store& store, io::Loop& loop, const Inventory& inventory);
  ~CatalogueFeed();

  /// Feeds every server of the inventory, as ever when the catalogue is opened, and has tools that older
  /// rules classified classified anew, on a thread of its own.
  void start();
  /// Feeds what has been stored of these reports.
  void take(const std::vector<gateway::ToolReport>& reports);

 private:
  /// Names of tools; empty: all of them.
  using Waiting = std::map<std::string, std::set<std::string>>;

  void feed_all();
  void next();
  Status feed(const std::string& server, const std::set<std::string>& tools);
  void reclassify();

  CatalogueFile& file_;
  store::Store& store_;
  io::Loop& loop_;
  const Inventory& inventory_;
  Waiting waiting_;
  io::Timer timer_;
  bool told_ = false;  ///< that the catalogue is out of reach
  std::atomic<bool> stopping_{false};
  WorkPool pool_{1, 1};
};

/// What the store knows of a server behind the gateway as a listing of the source `live`. `tools`: names, or
/// empty for all of them: then the list is whole, unless a definition was too large to keep or no whole list
/// was met yet.
Result<catalogue::Listing> live_listing(store::Store& store, const upstream::ServerSettings& settings,
                                        const std::set<std::string>& tools);

}  // namespace doorward::server
