#include "policy/finding.h"

#include "json/writer.h"

namespace doorward::policy {
namespace {

std::string_view to_string(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

}  // namespace

std::string to_text(const Finding& finding, std::string_view name) {
  std::string out = json::printable(name);
  out += ":" + std::to_string(finding.line) + ":" + std::to_string(finding.column) + ": ";
  out += to_string(finding.severity);
  out += ": " + json::printable(finding.message) + " [" + finding.code + "]";
  if (!finding.pointer.empty()) out += " at " + json::printable(finding.pointer);
  return out;
}

std::string to_json(const Finding& finding) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("severity").string(to_string(finding.severity));
  writer.key("code").string(finding.code);
  writer.key("message").string(finding.message);
  writer.key("pointer").string(finding.pointer);
  writer.key("line").number(finding.line);
  writer.key("column").number(finding.column);
  writer.key("begin").number(finding.begin);
  writer.key("end").number(finding.end);
  if (!finding.suggestion.empty()) writer.key("suggestion").string(finding.suggestion);
  if (!finding.fix.empty()) writer.key("fix").string(finding.fix);
  writer.end_object();
  return out;
}

}  // namespace doorward::policy
