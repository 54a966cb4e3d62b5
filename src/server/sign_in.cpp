#include "server/sign_in.h"

#include <utility>

#include "base/hash.h"
#include "identity/token.h"
#include "json/reader.h"
#include "json/writer.h"
#include "server/oidc_login.h"
#include "server/people_text.h"

namespace doorward::server {
namespace {

using admin::Request;
using admin::Respond;
using admin::Response;

constexpr std::string_view kSession = "session:";

Response refusal(People& people, const Request& request, const Error& error) {
  if (error.kind == ErrorKind::denied) {
    people.note_refused(request.peer);
    return admin::unauthorized();
  }
  return Response::problem(error.kind, error.message);
}

void write_own_session(json::Writer& writer, const identity::Actor& actor, std::string_view session,
                       std::string_view csrf) {
  writer.begin_object().key("schema").string("doorward.session/1").key("name").string(actor.name).key("roles");
  write_role_names(writer, actor.roles);
  writer.key("groups").begin_array();
  for (const std::string& group : actor.groups) writer.string(group);
  writer.end_array().key("session").string(session).key("csrf").string(csrf).end_object();
}

std::string own_session(const identity::Actor& actor, std::string_view session, std::string_view csrf) {
  std::string out;
  json::Writer writer(out);
  write_own_session(writer, actor, session, csrf);
  return out;
}

Response logged_in(const Login& login) {
  Response response{.body = own_session(login.caller.actor, login.caller.session, login.caller.csrf)};
  response.headers.push_back(session_cookie(login.cookie));
  return response;
}

/// One answer for every login that went wrong (T282).
Response login_refused(const People::Refusal& refusal) {
  const int status = refusal.retry_s > 0 ? 429 : refusal.error.kind == ErrorKind::denied ? 401 : 503;
  Response response = Response::problem(admin::Failure{refusal.error, {}}, status);
  if (refusal.retry_s > 0) response.headers.emplace_back("Retry-After", std::to_string(refusal.retry_s));
  return response;
}

struct LoginRequest {
  std::string user;
  std::string password;
  std::string code;
};

/// Either name and password, or a code, and nothing else.
Result<LoginRequest> read_login(const std::string& body) {
  json::Reader reader;
  const auto root = reader.read(body);
  if (!root) return fail(ErrorKind::invalid, "the request is not JSON: " + root.error().message);
  LoginRequest login;
  for (const json::Member member : root->members()) {
    const std::string_view key = member.key.string();
    std::string* const into = key == "user"       ? &login.user
                              : key == "password" ? &login.password
                              : key == "code"     ? &login.code
                                                  : nullptr;
    if (into == nullptr || !member.value.is(json::Type::string)) {
      return fail(ErrorKind::invalid, "a login takes the texts \"user\" and \"password\", or \"code\", and nothing else");
    }
    *into = member.value.string();
  }
  const bool by_password = !login.user.empty() && !login.password.empty();
  if (by_password == !login.code.empty()) {
    return fail(ErrorKind::invalid, "a login needs \"user\" and \"password\", or \"code\"");
  }
  return login;
}

void open_session(People& people, const Request& request, Respond respond) {
  auto login = read_login(request.body);
  if (!login) return respond(Response::problem(login.error().kind, login.error().message));
  LoginFrom from = login_from(request);
  if (!login->code.empty()) {
    const auto opened = people.redeem(login->code, from);
    return respond(opened ? logged_in(*opened) : login_refused({opened.error()}));
  }
  people.log_in(std::move(login->user), std::move(login->password), std::move(from),
                [respond = std::move(respond)](auto opened) mutable {
                  respond(opened ? logged_in(*opened) : login_refused(opened.error()));
                });
}

void show_session(const Request& request, Respond respond) {
  const identity::Actor& actor = request.caller.actor;
  if (!actor.via.starts_with(kSession)) return respond({.body = own_session(actor, {}, {})});
  respond({.body = own_session(actor, std::string_view(actor.via).substr(kSession.size()),
                               People::csrf_of(cookie_of(request, kSessionCookie)))});
}

/// What a page needs before anybody is logged in. A cookie that is not good is none: a browser that comes back after
/// hours is no attack, and not worth a record.
void show_ways(People& people, const OidcLogin& oidc, const Request& request, Respond respond) {
  const auto has_password = people.has_password();
  const auto has_admin = people.has_admin();
  if (!has_password || !has_admin) {
    return respond(Response::problem(ErrorKind::unavailable, (has_password ? has_admin : has_password).error().message));
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.login.ways/1").key("password").boolean(*has_password);
  writer.key("oidc").boolean(oidc.configured()).key("bootstrap").boolean(!*has_admin && !oidc.configured());
  const std::string cookie = cookie_of(request, kSessionCookie);
  if (const auto caller = cookie.empty() ? Result<Caller>(fail(ErrorKind::denied, "no cookie"))
                                         : people.by_cookie(cookie, request.peer)) {
    writer.key("session");
    write_own_session(writer, caller->actor, caller->session, caller->csrf);
  }
  writer.end_object();
  respond({.body = std::move(out)});
}

void close_session(People& people, const Request& request, Respond respond) {
  const identity::Actor& actor = request.caller.actor;
  if (!actor.via.starts_with(kSession)) {
    return respond(Response::problem(ErrorKind::conflict, "there is no session to end: this came by a token"));
  }
  const Status ended = people.end_session(std::string_view(actor.via).substr(kSession.size()), actor);
  if (!ended) return respond(Response::problem(ended.error().kind, ended.error().message));
  Response response{.body = R"({"schema":"doorward.session.ended/1"})"};
  response.headers.push_back(no_session_cookie());
  respond(std::move(response));
}

}  // namespace

std::string cookie_of(const Request& request, std::string_view name) {
  std::string found;
  bool twice = false;
  for (const auto& [header, value] : request.headers) {
    if (header != "cookie") continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      std::string_view pair = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
      if (!pair.starts_with(name) || pair.size() <= name.size() || pair[name.size()] != '=') continue;
      twice = twice || !found.empty();
      found = pair.substr(name.size() + 1);
    }
  }
  return twice ? std::string() : found;
}

LoginFrom login_from(const Request& request) {
  return {request.peer, std::string(request.header("user-agent")), cookie_of(request, kSessionCookie)};
}

std::pair<std::string, std::string> session_cookie(std::string_view value) {
  return {"Set-Cookie", std::string(kSessionCookie) + "=" + std::string(value) +
                            "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200"};
}

std::pair<std::string, std::string> no_session_cookie() {
  return {"Set-Cookie", std::string(kSessionCookie) + "=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"};
}

std::expected<admin::Caller, Response> SignIn::authenticate(const Request& request) {
  const std::string_view authorization = request.header("authorization");
  if (!authorization.empty()) {
    const auto presented = identity::bearer_credentials(authorization);
    if (!presented) return std::unexpected(admin::unauthorized());
    if (!presented->starts_with(identity::kAccessTokenPrefix)) {
      const auto has_admin = people_.has_admin();
      if (!has_admin) return std::unexpected(refusal(people_, request, has_admin.error()));
      auto bootstrap = *has_admin ? std::unexpected(admin::unauthorized()) : bootstrap_.authenticate(request);
      if (!bootstrap) people_.note_refused(request.peer);
      return bootstrap;
    }
    auto caller = people_.by_token(*presented, request.peer);
    if (!caller) return std::unexpected(refusal(people_, request, caller.error()));
    return admin::Caller{caller->actor, [this, via = caller->actor.via] { return people_.stands(via); }};
  }

  const std::string cookie = cookie_of(request, kSessionCookie);
  if (cookie.empty()) return std::unexpected(admin::unauthorized());
  auto caller = people_.by_cookie(cookie, request.peer);
  if (!caller) return std::unexpected(refusal(people_, request, caller.error()));
  if (request.method != http::Method::get) {
    // The server refused foreign values of both; a page of ours always sends one of them.
    const bool own_page = !request.header("origin").empty() || request.header("sec-fetch-site") == "same-origin";
    if (!own_page || !constant_time_equal(request.header(kCsrfHeader), std::string_view(caller->csrf))) {
      return std::unexpected(Response::problem(
          ErrorKind::denied, "a change by a session needs Origin and X-Doorward-CSRF; GET /api/v1/session tells its value"));
    }
  }
  return admin::Caller{caller->actor, [this, via = caller->actor.via] { return people_.stands(via); }};
}

void add_session_routes(admin::Server& server, People& people, const OidcLogin& oidc) {
  server.handle("login.ways", [&people, &oidc](const Request& request, Respond respond) {
    show_ways(people, oidc, request, std::move(respond));
  });
  server.handle("session.open", [&people](const Request& request, Respond respond) {
    open_session(people, request, std::move(respond));
  });
  server.handle("session.show",
                [](const Request& request, Respond respond) { show_session(request, std::move(respond)); });
  server.handle("session.close", [&people](const Request& request, Respond respond) {
    close_session(people, request, std::move(respond));
  });
}

}  // namespace doorward::server
