#include "server/recorded_policy.h"

#include <algorithm>
#include <utility>

#include "io/file.h"
#include "base/text.h"
#include "server/policy_file.h"

namespace doorward::server {

std::shared_ptr<const policy::Policy> recorded_policy(const StateDir& state, const std::string& sha256,
                                                      policy::Origin origin) {
  // It becomes part of a path.
  if (sha256.size() != 64 || !std::ranges::all_of(sha256, is_hex)) return nullptr;
  const auto text = io::read_file(state.path + "/policies/" + sha256 + ".json", kPolicyBytes);
  if (!text) return nullptr;
  origin.draft = true;
  auto loaded = load_policy(*text, sha256 + ".json", std::move(origin));
  if (!loaded || loaded->policy->sha256() != sha256) return nullptr;
  return std::move(loaded->policy);
}

}  // namespace doorward::server
