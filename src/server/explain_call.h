#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/category.h"
#include "base/result.h"
#include "policy/actions.h"
#include "policy/explain.h"
#include "server/config.h"

namespace doorward::server {

/// A call that nobody made.
struct HypotheticalCall {
  std::string tool;
  std::string args = "{}";  ///< a JSON object
  std::optional<Category> category;  ///< nothing: what the tool's name tells
  std::string grant;                 ///< label; empty: none
  std::vector<std::pair<std::string, std::string>> labels;
  std::string server;
  std::int64_t now_us = 0;
};

/// Decides it by a document, every limit having room. invalid where the arguments are no JSON object.
Result<policy::Explanation> explain_call(const policy::Policy& policy, const policy::ActionMap& actions,
                                         const HypotheticalCall& call);

/// The action tools of a server's configuration; a sentence for a person where they contradict each other.
std::expected<policy::ActionMap, std::string> action_map(const ServerConfig& config);

}  // namespace doorward::server
