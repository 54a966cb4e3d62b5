#include "admin/bootstrap_token.h"

#include <utility>

#include "base/encoding.h"
#include "base/hash.h"
#include "io/file.h"

namespace doorward::admin {
namespace {

constexpr std::size_t kMostBytes = 256;

}  // namespace

Response unauthorized() {
  Response response = Response::problem(
      Failure{{ErrorKind::denied, "this needs a token or a session; send `Authorization: Bearer TOKEN`"}, {}}, 401);
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

Result<std::unique_ptr<BootstrapToken>> BootstrapToken::open(const std::string& file, bool first_start) {
  const auto there = io::read_file(file, kMostBytes);
  if (!there && there.error().kind != ErrorKind::not_found) return std::unexpected(there.error());
  if (!there && first_start) {
    std::string token = identity::make_token();
    const Status written = io::write_file_atomic(file, token + "\n", 0600);
    wipe(token);
    if (!written) return std::unexpected(written.error());
  }
  return std::unique_ptr<BootstrapToken>(new BootstrapToken(file));
}

std::expected<Caller, Response> BootstrapToken::authenticate(const Request& request) {
  const auto presented = identity::bearer_credentials(request.header("authorization"));
  if (!presented || !identity::is_token(*presented)) return std::unexpected(unauthorized());
  // Read each time: removing the file revokes the token.
  auto kept = io::read_file(file_, kMostBytes);
  if (!kept) return std::unexpected(unauthorized());
  while (kept->ends_with('\n')) kept->pop_back();
  const bool same = constant_time_equal(identity::hash_token(*kept), identity::hash_token(*presented));
  wipe(*kept);
  if (!same) return std::unexpected(unauthorized());
  return Caller{{.name = "token:bootstrap", .roles = {identity::Role::admin}, .address = request.peer}};
}

}  // namespace doorward::admin
