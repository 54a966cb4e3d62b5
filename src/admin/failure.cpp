#include "admin/failure.h"

#include <algorithm>
#include <array>

#include "http/head_writer.h"
#include "json/reader.h"
#include "json/writer.h"

namespace doorward::admin {
namespace {

struct Row {
  std::string_view name;
  int status;
};
/// By ErrorKind.
constexpr std::array<Row, 7> kKinds = {{{"invalid", 400},
                                        {"not_found", 404},
                                        {"conflict", 409},
                                        {"unavailable", 503},
                                        {"denied", 403},
                                        {"corrupt", 500},
                                        {"exhausted", 429}}};
constexpr std::string_view kType = "urn:doorward:problem:";

}  // namespace

std::string_view to_string(ErrorKind kind) {
  return kKinds[static_cast<std::size_t>(kind)].name;
}

int status_of(ErrorKind kind) {
  return kKinds[static_cast<std::size_t>(kind)].status;
}

std::string problem_json(const Failure& failure, int status) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("type").string(std::string(kType) + std::string(to_string(failure.error.kind)));
  writer.key("title").string(http::reason_phrase(status)).key("status").number(status);
  writer.key("detail").string(failure.error.message);
  if (!failure.findings.empty()) writer.key("findings").raw(failure.findings);
  writer.end_object();
  return out;
}

Failure read_problem(std::string_view body) {
  const Failure unreadable{{ErrorKind::corrupt, "the gateway's answer cannot be read; command and gateway must be of "
                                                "one version"},
                           {}};
  json::Reader reader;
  const auto problem = reader.read(body);
  if (!problem) return unreadable;
  const json::Value type = problem->find("type");
  const json::Value detail = problem->find("detail");
  if (!type.is(json::Type::string) || !type.string().starts_with(kType) || !detail.is(json::Type::string)) {
    return unreadable;
  }
  const auto row = std::ranges::find(kKinds, type.string().substr(kType.size()), &Row::name);
  if (row == kKinds.end()) return unreadable;
  Failure failure{{static_cast<ErrorKind>(row - kKinds.begin()), std::string(detail.string())}, {}};
  if (const json::Value findings = problem->find("findings"); findings.is(json::Type::array)) {
    failure.findings = body.substr(findings.begin_offset(), findings.end_offset() - findings.begin_offset());
  }
  return failure;
}

}  // namespace doorward::admin
