#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "clients/file_set.h"
#include "clients/manifest.h"
#include "clients/shim_entry.h"
#include "scan/scan.h"
#include "server/state_dir.h"

namespace doorward::cli {

/// What policies are made of.
enum class SetupMode { observe, recommended, lockdown };
std::string_view to_string(SetupMode mode);

struct SetupOptions {
  std::vector<const clients::Client*> clients;  ///< empty: all
  SetupMode mode = SetupMode::observe;
  bool project = false;       ///< also files that others share
  bool move_secrets = false;  ///< secrets that stand in files go into the gateway's sealed store
  std::vector<std::string> taken;         ///< names of servers and bundles that the gateway has
  std::vector<std::string> taken_grants;  ///< labels of grants that it has or had
  std::string program;             ///< absolute path of this one
};

/// A value that goes to the gateway's sealed store.
struct MovedSecret {
  std::string name;
  std::string value;
};

/// A server that the gateway is to have.
struct ServerPlan {
  std::string name;                  ///< of the gateway
  const scan::Server* scanned = nullptr;
  std::string key;                   ///< equal for entries that are this server
  std::string settings;              ///< as `server.add` takes them
  std::string policy;                ///< the document, named as the server
  std::vector<std::string> why;      ///< what it does, a sentence for each group of tools
  bool by_category = false;          ///< its tools are not known
  bool exists = false;               ///< an earlier init made it
  std::vector<MovedSecret> secrets;
};

/// An entry of a client's file, and what becomes of it.
struct EntryPlan {
  std::size_t file = 0;  ///< of Scan::files
  const clients::Entry* entry = nullptr;
  bool behind_already = false;
  std::string left;  ///< why it is left alone; empty: it is put behind the gateway, or is there already
  std::string note;  ///< of another gateway that it goes through
  std::size_t server = 0;
  std::string grant;  ///< label
  clients::Shim shim;

  bool is_put() const { return !behind_already && left.empty(); }
};

/// A file that changes.
struct FilePlan {
  std::size_t file = 0;
  clients::Format format = clients::Format::jsonc;
  std::string before;
  std::string after;
  std::vector<clients::ManagedEntry> entries;
};

/// What an init would do.
struct Setup {
  std::vector<ServerPlan> servers;
  std::vector<EntryPlan> entries;  ///< of all files, in their order
  std::vector<FilePlan> files;
};

/// Plans: which entries are put behind the gateway, as which servers, under which policies, and what their files say
/// then. Nothing is written. `scan` outlives the plan.
Setup plan_setup(const scan::Scan& scan, const SetupOptions& options, const server::StateDir& state,
                 const clients::Manifest& manifest);

/// The text of a file with what is secret in its entries as `[hidden]`, for people.
std::string without_secrets(std::string text, const scan::Scan& scan, std::size_t file);

/// The secrets that stand in the files' own text, in entries that are put behind the gateway.
std::size_t count_literal_secrets(const scan::Scan& scan, const SetupOptions& options);

/// `GITHUB` of a server becomes `github`; one of `taken` gets a number.
std::string gateway_name(std::string_view name, const std::vector<std::string>& taken);

}  // namespace doorward::cli
