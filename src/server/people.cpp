#include "server/people.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/random.h"
#include "identity/password.h"
#include "identity/token.h"

namespace doorward::server {
namespace {

constexpr std::int64_t kMinuteUs = 60'000'000;
constexpr std::int64_t kIdleUs = 30 * kMinuteUs;
constexpr std::int64_t kAbsoluteUs = 12 * 60 * kMinuteUs;
constexpr std::size_t kSessionsOfOne = 20;
constexpr unsigned kHashers = 2;  // 64 MiB each
constexpr std::size_t kMostWaiting = 16;
constexpr std::size_t kMostCodes = 100;
constexpr std::size_t kAgentBytes = 200;
constexpr std::size_t kNameBytes = 64;
constexpr std::string_view kUser = "user:";
constexpr std::string_view kSession = "session:";
constexpr std::string_view kToken = "token:";
constexpr std::string_view kIssued = "oidc";
constexpr std::string_view kByCode = "code";

std::unexpected<Error> not_good() {
  return fail(ErrorKind::denied, "the session or access token is not good, or has ended; log in");
}

/// not_found means not let in; every other failure of the store is one.
std::unexpected<Error> refused(const Error& error) {
  if (error.kind == ErrorKind::not_found) return not_good();
  return std::unexpected(error);
}

Error busy() {
  return {ErrorKind::exhausted, "too many passwords are being checked at this moment; try again in a second"};
}

People::Refusal wrong_login() {
  return {{ErrorKind::denied, "the name or the password is wrong"}};
}

}  // namespace

identity::Roles read_roles(std::string_view text) {
  identity::Roles roles;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (const auto role = identity::parse_role(text.substr(0, end))) roles.add(*role);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return roles;
}

std::string write_roles(identity::Roles roles) {
  std::string text = to_string(roles);
  std::erase(text, ',');
  return text;
}

bool is_active_admin(const store::UserRow& user) {
  return !user.disabled && user.password && read_roles(user.roles).has(identity::Role::admin);
}

People::People(store::Database& database, io::Loop& loop, RecordEvent record, const Clock& clock)
    : users_(database),
      sessions_(database),
      loop_(loop),
      record_(std::move(record)),
      clock_(clock),
      pool_(kHashers, kMostWaiting) {}

void People::set_issuer(std::string issuer, std::optional<identity::RoleMap> map) {
  issuer_ = std::move(issuer);
  map_ = std::move(map);
}

void People::record(std::string_view event, const identity::Actor& actor,
                    std::vector<audit::EventRecord::Field> fields) {
  if (record_ && !record_(event, by_actor(actor, std::move(fields)))) {
    log_line(LogLevel::error, "an event of people could not be recorded in the log", {{"event", event}});
  }
}

Result<identity::Actor> People::user_actor(std::string_view name) {
  const auto user = users_.find(name);
  if (!user) return refused(user.error());
  const identity::Roles roles = read_roles(user->roles);
  if (user->disabled || roles.empty()) return not_good();
  identity::Actor actor{.name = std::string(kUser) + user->name, .roles = roles, .groups = user->groups};
  if (!user->email.empty()) actor.also.push_back(user->email);
  return actor;
}

Result<identity::Actor> People::actor_of(const store::SessionRow& session) {
  if (session.method == kByCode) {
    // Codes are made for the users of this machine alone, who are admins.
    return identity::Actor{.name = session.person, .roles = {identity::Role::admin}};
  }
  if (session.method != kIssued) return user_actor(std::string_view(session.person).substr(kUser.size()));
  if (!map_ || !session.person.starts_with("oidc:" + issuer_ + "#")) return not_good();
  identity::Actor actor{.name = session.person, .roles = {}};
  map_->apply(session.groups, actor);
  if (actor.roles.empty()) return not_good();
  if (!session.email.empty()) actor.also.push_back(session.email);
  return actor;
}

Result<identity::Actor> People::actor_by(const store::SessionRow& session) {
  const std::int64_t now_us = clock_.wall_us();
  if (now_us - session.seen_us >= kIdleUs || now_us - session.created_us >= kAbsoluteUs) return not_good();
  return actor_of(session);
}

Result<identity::Actor> People::actor_by(const store::AccessTokenRow& token) {
  if (clock_.wall_us() >= token.expires_us) return not_good();
  auto actor = user_actor(token.user);
  if (!actor) return actor;
  const identity::Roles allowed = read_roles(token.roles);
  identity::Roles roles;
  for (const identity::Role role : identity::kAllRoles) {
    if (allowed.has(role) && actor->roles.has(role)) roles.add(role);
  }
  if (roles.empty()) return not_good();
  actor->roles = roles;
  return actor;
}

Result<Caller> People::by_cookie(std::string_view cookie, std::string_view address) {
  const auto session = sessions_.find(sha256(cookie));
  if (!session) return refused(session.error());
  auto actor = actor_by(*session);
  if (!actor) return std::unexpected(actor.error());
  // To the minute, so that a page that asks often does not write often.
  const std::int64_t now_us = clock_.wall_us();
  if (now_us - session->seen_us >= kMinuteUs) {
    if (const Status seen = sessions_.see(session->id, now_us); !seen) return std::unexpected(seen.error());
  }
  actor->address = address;
  actor->via = std::string(kSession) + session->id;
  return Caller{std::move(*actor), session->id, csrf_of(cookie)};
}

Result<Caller> People::by_token(std::string_view token, std::string_view address) {
  if (!identity::is_token(token, identity::kAccessTokenPrefix)) return not_good();
  const auto row = users_.token_by_hash(identity::hash_token(token));
  if (!row) return refused(row.error());
  auto actor = actor_by(*row);
  if (!actor) return std::unexpected(actor.error());
  actor->address = address;
  actor->via = std::string(kToken) + row->id;
  return Caller{std::move(*actor), {}, {}};
}

bool People::stands(std::string_view via) {
  if (via.starts_with(kSession)) {
    const auto session = sessions_.find(via.substr(kSession.size()));
    return session && actor_by(*session);
  }
  if (!via.starts_with(kToken)) return false;
  const auto token = users_.token(via.substr(kToken.size()));
  return token && actor_by(*token);
}

std::string People::csrf_of(std::string_view cookie) {
  return to_base64(HmacSha256(cookie)("doorward csrf"), Base64::url);
}

Result<bool> People::has_admin() {
  const auto all = users_.all();
  if (!all) return std::unexpected(all.error());
  return std::ranges::any_of(*all, is_active_admin);
}

Result<bool> People::has_password() {
  const auto all = users_.all();
  if (!all) return std::unexpected(all.error());
  return std::ranges::any_of(*all, [](const store::UserRow& user) { return user.password && !user.disabled; });
}

Result<Login> People::open(store::SessionRow session, const LoginFrom& from) {
  const std::int64_t now_us = clock_.wall_us();
  std::string cookie = random_secret();
  session.id = make_uuid();
  session.token_hash = sha256(cookie);
  session.address = from.address;
  session.agent = from.agent.substr(0, kAgentBytes);
  std::erase(session.agent, '\0');
  session.created_us = session.seen_us = now_us;
  auto actor = actor_of(session);
  if (!actor) return std::unexpected(actor.error());

  if (Status done = sessions_.remove_old(now_us - kIdleUs, now_us - kAbsoluteUs); !done) {
    return std::unexpected(done.error());
  }
  if (const auto before = from.cookie.empty() ? not_good() : sessions_.find(sha256(from.cookie))) {
    if (Status done = sessions_.remove(before->id); !done) return std::unexpected(done.error());
  }
  const auto others = sessions_.all(session.person);
  if (!others) return std::unexpected(others.error());
  for (std::size_t i = 0; i + kSessionsOfOne <= others->size(); ++i) {
    if (Status done = sessions_.remove((*others)[i].id); !done) return std::unexpected(done.error());
  }
  if (Status done = sessions_.add(session); !done) return std::unexpected(done.error());
  actor->address = from.address;
  actor->via = std::string(kSession) + session.id;
  record("login", *actor, {{"method", std::string_view(session.method)}});
  std::string csrf = csrf_of(cookie);
  return Login{std::move(cookie), Caller{std::move(*actor), session.id, std::move(csrf)}};
}

void People::record_failure(std::string_view user, std::string_view address, std::string_view why) {
  // What is no name may be a password in the wrong field.
  const std::string_view name = store::is_user_name(user) ? user : "(not a name)";
  record("login.failed", {.name = "anonymous", .roles = {}, .address = std::string(address)},
         {{"user", name}, {"why", why}});
}

void People::summarise(Summary& summary, std::string_view event, std::string_view user, std::string_view address) {
  ++summary.times;
  const std::int64_t now_us = clock_.monotonic_us();
  if (summary.recorded_us > now_us - kMinuteUs) return;
  std::vector<audit::EventRecord::Field> fields = {{"times", summary.times}};
  if (store::is_user_name(user)) fields.insert(fields.begin(), {"user", user});
  record(event, {.name = "anonymous", .roles = {}, .address = std::string(address)}, std::move(fields));
  summary = {0, now_us};
}

void People::note_refused(std::string_view address) {
  summarise(refused_, "credential.refused", {}, address);
}

void People::check(std::string user, std::string password, std::string address, CheckDone done) {
  if (const std::int64_t wait_us = throttle_.begin(user.substr(0, kNameBytes), address, clock_.monotonic_us()); wait_us > 0) {
    summarise(throttled_, "login.throttled", user, address);
    const std::int64_t seconds = (wait_us + 999'999) / 1'000'000;
    return done(std::unexpected(Refusal{
        {ErrorKind::exhausted, "too many tries; wait " + std::to_string(seconds) + " s and try again"}, seconds}));
  }
  const auto row = users_.find(user);
  if (!row && row.error().kind != ErrorKind::not_found) return done(std::unexpected(Refusal{row.error()}));
  const bool may = row && !row->disabled && row->password.has_value();
  std::string why = !row ? "unknown user" : row->disabled ? "disabled" : !row->password ? "no password" : "wrong password";
  std::string hash = may ? *row->password : identity::nobodys_hash();
  const auto reply = std::make_shared<CheckDone>(std::move(done));
  const bool taken = pool_.run([this, user, address, reply, may, why = std::move(why), hash = std::move(hash),
                                password = std::move(password)]() mutable {
    const bool right = identity::verify_password(hash, password) && may;
    std::string renewed;
    if (right && identity::needs_rehash(hash)) renewed = identity::hash_password(password).value_or("");
    wipe(password);
    loop_.post([this, user = std::move(user), address = std::move(address), reply, why = std::move(why),
                hash = std::move(hash), renewed = std::move(renewed), right]() {
      // The password may have been changed, or the user disabled, while it was checked.
      const auto now = users_.find(user);
      if (!right || !now || now->disabled || now->password != hash) {
        record_failure(user, address, why);
        return (*reply)(std::unexpected(wrong_login()));
      }
      if (!renewed.empty()) {
        if (Status kept = users_.set_password(user, renewed, clock_.wall_us()); !kept) {
          log_line(LogLevel::warning, "a password's hash could not be made anew", {{"why", kept.error().message}});
        }
      }
      throttle_.succeeded(user.substr(0, kNameBytes), address, clock_.monotonic_us());
      (*reply)({});
    });
  });
  if (!taken) (*reply)(std::unexpected(Refusal{busy(), 1}));
}

void People::log_in(std::string user, std::string password, LoginFrom from, LoginDone done) {
  std::string address = from.address;
  std::string name = user;
  check(std::move(user), std::move(password), std::move(address),
        [this, name = std::move(name), from = std::move(from), done = std::move(done)](auto checked) mutable {
          if (!checked) return done(std::unexpected(checked.error()));
          store::SessionRow session;
          session.person = std::string(kUser) + name;
          session.method = "password";
          auto opened = open(std::move(session), from);
          if (!opened) return done(std::unexpected(Refusal{opened.error()}));
          done(std::move(*opened));
        });
}

Result<Login> People::log_in(const IssuedPerson& person, const LoginFrom& from) {
  store::SessionRow session;
  session.person = "oidc:" + person.issuer + "#" + person.subject;
  session.method = kIssued;
  session.email = person.email;
  for (const std::string& group : person.groups) {
    if (!group.contains('\n') && !group.contains('\0')) session.groups.push_back(group);
  }
  auto opened = open(session, from);
  if (!opened && opened.error().kind == ErrorKind::denied) {
    record("login.failed", {.name = session.person, .roles = {}, .address = from.address},
           {{"why", std::string_view("no group of theirs gives a role")}});
    return fail(ErrorKind::denied,
                "you are known, but none of your groups gives you a role here; ask an admin of this gateway");
  }
  return opened;
}

std::string People::make_code(const identity::Actor& actor) {
  const std::int64_t now_us = clock_.monotonic_us();
  std::erase_if(codes_, [&](const auto& entry) { return entry.second.ends_us <= now_us; });
  if (codes_.size() >= kMostCodes) codes_.erase(codes_.begin());
  std::string code = random_secret();
  codes_.insert_or_assign(sha256(code), Code{actor, now_us + kMinuteUs});
  return code;
}

Result<Login> People::redeem(std::string_view code, const LoginFrom& from) {
  const auto found = codes_.find(sha256(code));
  if (found == codes_.end() || found->second.ends_us <= clock_.monotonic_us()) {
    record_failure("", from.address, "no such code");
    return fail(ErrorKind::denied, "the code is not good, was used already, or is older than a minute; ask for another");
  }
  store::SessionRow session;
  session.person = found->second.actor.name;
  session.method = kByCode;
  codes_.erase(found);
  return open(std::move(session), from);
}

Status People::end_session(std::string_view id, const identity::Actor& by) {
  const auto session = sessions_.find(id);
  if (!session) return std::unexpected(session.error());
  if (Status done = sessions_.remove(id); !done) return done;
  record("session.ended", by, {{"session", std::string_view(session->id)}, {"person", std::string_view(session->person)}});
  return {};
}

Status People::end_sessions(std::string_view person) {
  return sessions_.remove_all(person);
}

void People::hash(std::string password, std::move_only_function<void(Result<std::string>)> done) {
  const auto reply = std::make_shared<decltype(done)>(std::move(done));
  const bool taken = pool_.run([this, reply, password = std::move(password)]() mutable {
    auto hashed = identity::hash_password(password);
    wipe(password);
    loop_.post([reply, hashed = std::move(hashed)]() mutable { (*reply)(std::move(hashed)); });
  });
  if (!taken) (*reply)(std::unexpected(busy()));
}

}  // namespace doorward::server
