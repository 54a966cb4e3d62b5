#include "risk/signal_rules.h"

#include <array>

namespace doorward::risk {
namespace {

constexpr Types kText(Types::string | Types::array | Types::object);
constexpr Types kLine(Types::string);
constexpr Types kLines(Types::string | Types::array);
constexpr Types kList(Types::array);
constexpr Types kSwitch(Types::boolean);

constexpr Categories kWriting = one_of(Category::write) | one_of(Category::execute);
constexpr Categories kRead = one_of(Category::read) | one_of(Category::other);
constexpr Categories kDestructive = one_of(Category::destructive);
constexpr Categories kFinancial = one_of(Category::financial);
constexpr Categories kRunning = one_of(Category::execute) | kDestructive;
constexpr Categories kActing = kWriting | kDestructive | one_of(Category::other);
constexpr Categories kNotRead = kChanging | one_of(Category::other);

// Shared by rules that speak of the same things.
#define DOORWARD_SECRET_NOUN "password|passphrase|credential|secret|keypair|keystore|mnemonic|kubeconfig|pat"
#define DOORWARD_KEY_KIND "api|private|access|secret|encryption|signing|ssh"
#define DOORWARD_TOKEN_KIND                                                                                \
  "access|auth|authentication|authorization|api|bearer|refresh|oauth|oauth2|bot|session|id|personal|user|" \
  "security|"                                                                                              \
  "sas|github|gitlab|slack|service|admin|account|vault|webhook|tunnel|login|jwt|csrf|app|integration|hf"

constexpr auto kRules = std::to_array<SignalRule>({
#include "risk/rules/signals.inc"
});

#undef DOORWARD_SECRET_NOUN
#undef DOORWARD_KEY_KIND
#undef DOORWARD_TOKEN_KIND

}  // namespace

std::span<const SignalRule> signal_rules() {
  return kRules;
}

}  // namespace doorward::risk
