#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/checker.h"
#include "policy/program.h"

namespace doorward::policy {

/// Checks a document that has been read and compiles it into a program, as far as it is right.
class Loader {
 public:
  Loader(Policy::Program& program, Checker& checker) : program_(program), check_(checker) {}

  void document();

 private:
  // load_document.cpp
  void head(json::Value root, const At& at);
  void hide(json::Value list, const At& at, HideList& into);
  void section(json::Value value, const At& at, const std::string& name, std::unique_ptr<Section>& into);
  Default fallback(json::Value value, const At& at);

  // load_rules.cpp
  void block(json::Value value, const At& at, const std::string& prefix, bool with_action, Block& into);
  void action(json::Value value, const At& at, const std::string& prefix, Block& into);
  void entries(json::Value list, const At& at, const std::string& prefix, Place place,
               std::vector<Entry>& into);
  const Approval* approval(json::Value object, const At& at);
  void condition(json::Value value, const At& at, const std::string& prefix, const std::string& note);

  // load_operand.cpp
  bool operand(json::Value value, const At& at, Condition& condition, Operand& into);
  bool plain_value(json::Value value, const At& at);
  bool strings(json::Value value, const At& at, std::vector<std::string>& into, bool one_allowed);
  bool length(json::Value value, const At& at, LengthBounds& into);
  template <typename List>
  bool typed_list(json::Value value, const At& at, Operand& into);

  // load_limits.cpp
  void limits(json::Value list, const At& at, const std::string& prefix, Block& into);
  void rate_limit(json::Value value, const At& at, const std::string& prefix, Block& into);
  bool window(json::Value value, const At& at, Limit& into);
  bool maximum(json::Value value, const At& at, Limit& into);
  void amount(json::Value value, const At& at, Limit& into, Path& path);
  void add_limit(Limit limit, Path path, json::Value value, const At& at, Block& into);
  void agreement();

  // load_tests.cpp
  void tests(json::Value list, const At& at);
  void test(json::Value value, const At& at);
  void subject(json::Value grant, const At& at, Subject& into);

  const Rule* rule(std::string text, const At& at, json::Value value, std::string note = {});

  Policy::Program& program_;
  Checker& check_;

  std::vector<std::pair<json::Value, At>> limit_places_;  // of the limit of the same index
};

/// Microseconds since 1970 of an RFC 3339 time; nothing for any other text.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

}  // namespace doorward::policy
