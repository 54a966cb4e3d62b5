#include "server/policy_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "json/reader.h"
#include "policy/dialect.h"
#include "risk/category.h"
#include "yaml/tree.h"

namespace doorward::server {
namespace {

policy::Findings one_finding(std::string code, std::string message, std::size_t line = 1,
                             std::size_t column = 1) {
  policy::Finding finding;
  finding.code = std::move(code);
  finding.message = std::move(message);
  finding.line = line;
  finding.column = column;
  return {std::move(finding)};
}

/// What to say of a policy that somebody keeps as YAML: either the older dialect, or nothing that we read.
policy::Findings judge_yaml(std::string_view text, const std::string& file) {
  const auto tree = yaml::read(text);
  if (!tree)
    return one_finding("not-yaml", tree.error().message, tree.error().line, tree.error().column);
  const std::string as_json = yaml::to_json(*tree);
  json::Reader reader;
  if (const auto value = reader.read(as_json); value && policy::is_older_dialect(*value)) {
    return one_finding("older-dialect", "this is the older YAML dialect; `doorward policy import " + file +
                                            "` prints its exact translation");
  }
  return one_finding("not-json", "a policy document is JSON, this is YAML; write it as JSON");
}

}  // namespace

std::expected<policy::Loaded, policy::Findings> load_policy(std::string_view text, const std::string& file,
                                                            policy::Origin origin) {
  if (file.ends_with(".yaml") || file.ends_with(".yml")) return std::unexpected(judge_yaml(text, file));
  origin.category_of = [](std::string_view tool) -> std::optional<Category> {
    return risk::category_of_name(tool);
  };
  auto loaded = policy::load(text, std::move(origin));
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (!loaded && begin != std::string_view::npos && text[begin] != '{') {
    policy::Findings yaml = judge_yaml(text, file);
    if (yaml.front().code == "older-dialect") return std::unexpected(std::move(yaml));
  }
  return loaded;
}

Result<std::shared_ptr<const policy::Policy>> load_draft(std::string_view text, const std::string& server) {
  policy::Origin origin;
  origin.name = "draft";
  origin.server = server;
  origin.draft = true;
  auto loaded = load_policy(text, "draft.json", std::move(origin));
  if (loaded) return std::move(loaded->policy);
  const auto mistake = std::ranges::find(loaded.error(), policy::Severity::error, &policy::Finding::severity);
  const policy::Finding& finding = mistake == loaded.error().end() ? loaded.error().front() : *mistake;
  return fail(ErrorKind::invalid, "the draft is not valid: " + policy::to_text(finding, "draft"));
}

}  // namespace doorward::server
