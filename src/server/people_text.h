#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "identity/role.h"
#include "json/writer.h"
#include "store/sessions.h"
#include "store/users.h"

namespace doorward::server {

class People;

/// The roles that these names mean; invalid, with what was probably meant, where one is none.
Result<identity::Roles> parse_roles(const std::vector<std::string>& names);

/// What answers tell of users, sessions and access tokens: never a hash.
void write_role_names(json::Writer& writer, identity::Roles roles);
void write_user(json::Writer& writer, const store::UserRow& user);
std::string user_answer(const store::UserRow& user);
void write_session(json::Writer& writer, const store::SessionRow& session, std::string_view current);
void write_access_token(json::Writer& writer, const store::AccessTokenRow& token);

/// Puts a password's hash in force, which ends the user's sessions, and answers with the user.
Result<std::string> put_password(People& people, const std::string& name, const std::string& hash,
                                 const identity::Actor& actor);

}  // namespace doorward::server
