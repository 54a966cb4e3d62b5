#pragma once

namespace doorward::server {

class Operations;
class People;

/// Adds the operations on people (docs/roles.md): `user.*` for admins, and `account.*`, `session.*` and `token.*`, by
/// which everybody looks after what is their own. `people` outlives `operations`.
void add_user_operations(Operations& operations, People& people);
void add_account_operations(Operations& operations, People& people);

}  // namespace doorward::server
