#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "catalogue/record.h"
#include "clients/client.h"
#include "clients/config_file.h"
#include "risk/actions.h"
#include "scan/launch.h"
#include "server/server_trial.h"

namespace doorward::scan {

/// Where a server stands in a file.
struct Place {
  std::size_t file = 0;  ///< index into Scan::files
  std::string name;      ///< as the file calls it
  clients::Scope scope = clients::Scope::user;
  std::string project;
  std::size_t line = 1;
  bool disabled = false;
  std::string why_disabled;
};

/// Whence the tools of a server are known.
enum class Known : std::uint8_t {
  listed,     ///< it was asked now
  catalogue,  ///< from an earlier list or an import
  nothing,
};
std::string_view to_string(Known known);

/// One server: what the same command or URL, given the same, stands for in all files.
struct Server {
  std::string name;  ///< unique in the scan
  std::vector<Place> places;  ///< none: it was named on the command line
  Launch launch;
  bool active = true;  ///< some place is not disabled
  Known known = Known::nothing;
  std::string why;           ///< why it was not asked, or did not answer; empty where it was listed
  bool unreachable = false;  ///< it was asked and did not answer
  bool asked = false;
  std::string slug;      ///< of its record in the catalogue, if it has one
  std::string version;   ///< that it says of itself
  bool refused = false;  ///< it wants to know who asks
  bool cut = false;      ///< its list goes on beyond what is read
  std::vector<std::string> definitions;        ///< as it listed them
  std::vector<server::TrialReport::Told> told;  ///< of hidden actions, where it was asked for them
  risk::ActionSetting actions;                 ///< how a gateway may take its hidden actions for tools
  std::vector<std::string> untold;             ///< tools that hide actions and have not been asked for them
  std::vector<catalogue::ToolRecord> tools;    ///< with the actions inside them
};

/// What was looked at.
struct Scan {
  std::vector<clients::ConfigFile> files;
  std::vector<Server> servers;
};

/// Puts the entries of the files together. Entries that start the same with the same are one server; different ones of
/// one name get the client's id behind it.
Scan take_inventory(std::vector<clients::ConfigFile> files, const References& references);

/// Adds a server that stands in no file.
void add_server(Scan& scan, const clients::Entry& entry, const References& references);

struct AskOptions {
  std::chrono::milliseconds timeout{60'000};  ///< of one server, from its start to the end of its list
  std::size_t together = 4;
  bool ask_actions = false;  ///< call tools that hide their actions, to be told of them
};

/// Starts or connects to each of these servers, lists its tools and leaves: in the calling thread, some at a time, each
/// within its time, each child contained and ended (io/child.h). `on_done` hears of each when it has answered or
/// failed. Nothing is done for a server with a problem.
void ask_servers(std::vector<Server*> servers, const AskOptions& options, const std::function<void(const Server&)>& on_done);

/// Classifies the tools of a server from its definitions: `tools` with the actions that hide in arguments as tools of
/// their own, riskiest first; `actions` and `untold`. What is no tool is left out; of equal names the first counts.
void judge_tools(Server& server);

/// A tool's name for people; of an action with its tool's: `manage_users/delete`.
std::string label_of(const catalogue::ToolRecord& tool);

/// The key of a server among those that scans tell of: its package, its URL, else its name.
std::string source_id_of(const Server& server);

/// What the catalogue is told of a listed server.
catalogue::Listing listing_of(const Server& server);

}  // namespace doorward::scan
