#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "policy/policy.h"

namespace doorward::cli {

class Session;

/// The policy commands that need files alone: no gateway, no state directory.

struct ExplainOptions {
  std::string file;
  std::string tool;
  std::string args = "{}";  ///< JSON, or `@FILE`
  std::string category;     ///< empty: what the tool's name tells
  std::string grant;
  std::map<std::string, std::string> labels;
  std::string server;
  std::string at;  ///< RFC 3339; empty: now
};

/// The document of a file's text, checked; null after having failed with its findings. `server`: whose policy it is, or
/// empty.
std::shared_ptr<const policy::Policy> read_policy(Session& session, const std::string& file, const std::string& text,
                                                  const std::string& server);

/// `policy validate`: prints every finding of every file; invalid ones make the exit code 3.
void validate_policies(Session& session, const std::vector<std::string>& files);
/// `policy explain`: decides one call by a document, whatever the decision with exit code 0.
void explain_policy(Session& session, const ExplainOptions& options);
/// `policy schema`: the JSON Schema of the document.
void print_policy_schema();
/// `policy import`: translates the older YAML dialect to standard output.
void import_policy(Session& session, const std::string& file);

}  // namespace doorward::cli
