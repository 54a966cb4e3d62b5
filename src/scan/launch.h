#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clients/config_file.h"
#include "scan/package.h"
#include "upstream/settings.h"

namespace doorward::scan {

/// What references in a configuration stand for.
struct References {
  /// A variable of the environment; nothing where it is not set.
  std::function<std::optional<std::string>(const std::string&)> variable;
  std::string home;
  std::string workspace;
};
/// Those of this process.
References references_of_process();

/// What an entry starts or asks, ready to be done, and as people may see it.
struct Launch {
  std::string text;  ///< the command line or the URL, secrets as `[hidden]`
  std::vector<std::string> env;      ///< names
  std::vector<std::string> headers;  ///< names
  /// Where a secret stands in the file as it is: `env API_KEY`, `header Authorization`, `argument 3`, `url`.
  std::vector<std::string> literal_secrets;
  std::optional<StartedPackage> package;
  std::string wrapper;  ///< as wrapper_of
  std::string url;      ///< without secrets; of a command the one that a wrapper connects to; empty: none
  bool sends_credentials = false;  ///< a header, or a wrapper's, looks like one
  std::string problem;  ///< why it cannot be started; empty: it can
  std::shared_ptr<const upstream::ServerSettings> settings;  ///< null where there is a problem
  std::string key;      ///< equal for entries that start the same with the same; holds a digest, no secret

  bool is_command() const { return is_command_; }
  bool is_doorward() const { return wrapper == "doorward"; }
  bool is_command_ = false;
};

/// Whether a value of a configuration refers to something that a client puts in its place: `${TOKEN}`, `{env:TOKEN}`.
bool holds_reference(std::string_view value);

/// Resolves an entry. Nothing is started; files are not opened.
Launch make_launch(const clients::Entry& entry, const References& references);

/// An entry for a command line as a person types it: words, quotes and backslashes as in a shell, nothing expanded.
/// `invalid` where a quote is not closed or nothing stands there.
Result<clients::Entry> entry_of_command(std::string_view line);
clients::Entry entry_of_url(const std::string& url);

}  // namespace doorward::scan
