#include "admin/message.h"

#include <algorithm>

namespace doorward::admin {

std::string_view Request::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

Response Response::problem(const Failure& failure, int status) {
  return {.status = status, .type = "application/problem+json", .body = problem_json(failure, status)};
}

Response Response::problem(ErrorKind kind, std::string detail) {
  return problem(Failure{{kind, std::move(detail)}, {}}, status_of(kind));
}

}  // namespace doorward::admin
