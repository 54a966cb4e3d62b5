#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/work_pool.h"
#include "identity/role.h"
#include "identity/role_map.h"
#include "identity/throttle.h"
#include "io/loop.h"
#include "server/event_log.h"
#include "store/sessions.h"
#include "store/users.h"

namespace doorward::server {

/// Whoever sent a request to the control plane, by a session or an access token.
struct Caller {
  identity::Actor actor;
  std::string session;  ///< id; empty: by an access token
  std::string csrf;     ///< what each change must carry in a header; empty: by an access token, which no page can send
};

/// A login that went well.
struct Login {
  std::string cookie;  ///< the value of the session's cookie, shown here alone
  Caller caller;
};

/// Where a login comes from.
struct LoginFrom {
  std::string address;
  std::string agent;   ///< the User-Agent; untrusted
  std::string cookie;  ///< of a session before, which the login ends; may be empty
};

/// Somebody whom an issuer has named, its token already verified.
struct IssuedPerson {
  std::string issuer;
  std::string subject;
  std::string email;
  std::vector<std::string> groups;
};

/// Who may act on the control plane: logins, sessions and access tokens (reliability.md 5.5). Sessions end after 30
/// minutes without a request and 12 hours after the login; what a person may do is read anew on every request. Passwords
/// are hashed on threads of its own, two at once. One thread, the one of the store.
class People {
 public:
  /// All outlive it but `record`, which is copied.
  People(store::Database& database, io::Loop& loop, RecordEvent record, const Clock& clock = system_clock());

  store::Users& users() { return users_; }
  store::Sessions& sessions() { return sessions_; }

  /// What the groups of an issuer mean; nothing: nobody from outside is known, and such sessions are good no more.
  void set_issuer(std::string issuer, std::optional<identity::RoleMap> map);

  /// Who sends this cookie or access token. denied for whatever is not good now, in the same words; unavailable where
  /// the store cannot be read.
  Result<Caller> by_cookie(std::string_view cookie, std::string_view address);
  Result<Caller> by_token(std::string_view token, std::string_view address);

  /// Records that a request came with a session or token that is not good.
  void note_refused(std::string_view address);
  /// Whether what an actor came by (identity::Actor::via) is still good; not a request, so it keeps no session awake.
  bool stands(std::string_view via);
  /// What changes must carry that come with this cookie: only whoever has it can tell, and it tells nothing of it.
  static std::string csrf_of(std::string_view cookie);
  /// Whether some local user can log in as an admin.
  Result<bool> has_admin();
  /// Whether some local user can log in with a password.
  Result<bool> has_password();

  /// Logs a local user in; `done` runs once on the loop. denied in the same words, and after the same time, whether the
  /// user is unknown, disabled or the password wrong (T282); exhausted while tries must wait, the seconds in `retry_s`.
  struct Refusal {
    Error error;
    std::int64_t retry_s = 0;
  };
  using LoginDone = std::move_only_function<void(std::expected<Login, Refusal>)>;
  void log_in(std::string user, std::string password, LoginFrom from, LoginDone done);
  /// Logs in whom an issuer has named. denied where none of the person's groups gives a role.
  Result<Login> log_in(const IssuedPerson& person, const LoginFrom& from);

  /// A code that logs `actor` in once, within a minute.
  std::string make_code(const identity::Actor& actor);
  Result<Login> redeem(std::string_view code, const LoginFrom& from);

  Status end_session(std::string_view id, const identity::Actor& by);
  /// All sessions of a person, after a change of what they may do.
  Status end_sessions(std::string_view person);

  /// Hashes on the pool; `done` runs once on the loop. exhausted while too many wait.
  void hash(std::string password, std::move_only_function<void(Result<std::string>)> done);
  /// Whether the password is the user's; `done` runs once on the loop. Counted against the throttle as a login is.
  using CheckDone = std::move_only_function<void(std::expected<void, Refusal>)>;
  void check(std::string user, std::string password, std::string address, CheckDone done);

  void record(std::string_view event, const identity::Actor& actor, std::vector<audit::EventRecord::Field> fields);
  const Clock& clock() const { return clock_; }

 private:
  struct Code {
    identity::Actor actor;
    std::int64_t ends_us;
  };

  /// Who acts by a session or a token now; denied where it is not good.
  Result<identity::Actor> actor_by(const store::SessionRow& session);
  Result<identity::Actor> actor_by(const store::AccessTokenRow& token);
  Result<identity::Actor> actor_of(const store::SessionRow& session);
  Result<identity::Actor> user_actor(std::string_view name);
  Result<Login> open(store::SessionRow session, const LoginFrom& from);
  void record_failure(std::string_view user, std::string_view address, std::string_view why);
  /// Records an event that anybody can cause any number of times: at most once a minute, with how often it was.
  struct Summary {
    std::int64_t times = 0;  ///< since the last record
    std::int64_t recorded_us = INT64_MIN;
  };
  void summarise(Summary& summary, std::string_view event, std::string_view user, std::string_view address);

  store::Users users_;
  store::Sessions sessions_;
  io::Loop& loop_;
  RecordEvent record_;
  const Clock& clock_;
  std::string issuer_;
  std::optional<identity::RoleMap> map_;
  identity::Throttle throttle_;
  std::map<Digest, Code> codes_;
  Summary throttled_;
  Summary refused_;
  WorkPool pool_;  ///< last: its threads end before the rest
};

/// Whether the user can log in as an admin.
bool is_active_admin(const store::UserRow& user);

/// The roles of a text of the store, and the text.
identity::Roles read_roles(std::string_view text);
std::string write_roles(identity::Roles roles);

}  // namespace doorward::server
