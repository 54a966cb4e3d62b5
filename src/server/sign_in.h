#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "admin/authenticator.h"
#include "admin/server.h"
#include "server/people.h"

namespace doorward::server {

class OidcLogin;

/// The cookie of a session. Its prefix binds it to this host, to TLS and to the whole site (RFC 6265bis 4.1.3); browsers
/// take it from `http://localhost`, too.
inline constexpr std::string_view kSessionCookie = "__Host-doorward";
/// Where a change that comes with the cookie carries its token.
inline constexpr std::string_view kCsrfHeader = "x-doorward-csrf";

/// Who sends a request to the admin API over TCP (docs/roles.md): whoever has an access token, a session's cookie or,
/// until a user can log in as an admin, the bootstrap token. A change that comes with the cookie must carry the
/// session's token in a header, too, and say that it is of our own page. A header Authorization that is not good is
/// never made good by a cookie beside it (attack case T210).
class SignIn final : public admin::Authenticator {
 public:
  /// Both outlive it.
  SignIn(People& people, admin::Authenticator& bootstrap) : people_(people), bootstrap_(bootstrap) {}

  std::expected<admin::Caller, admin::Response> authenticate(const admin::Request& request) override;

 private:
  People& people_;
  admin::Authenticator& bootstrap_;
};

/// Adds the routes of logging in and out. `people` and `oidc` outlive the server.
void add_session_routes(admin::Server& server, People& people, const OidcLogin& oidc);

/// The value of a cookie; empty where it is absent, or there more than once.
std::string cookie_of(const admin::Request& request, std::string_view name);
LoginFrom login_from(const admin::Request& request);
/// The headers that give the browser a session's cookie, and that take it back.
std::pair<std::string, std::string> session_cookie(std::string_view value);
std::pair<std::string, std::string> no_session_cookie();

}  // namespace doorward::server
