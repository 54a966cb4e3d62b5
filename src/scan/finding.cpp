#include "scan/finding.h"

#include <algorithm>

namespace doorward::scan {
namespace {

constexpr Rule kRules[] = {
    {"critical-tool", "A tool can destroy data or access for good, move money, or run whatever it is given", Severity::critical,
     "One wrong call of this tool cannot be taken back. Hide it from agents, or let a person approve each call: put the "
     "server behind `doorward run` or `doorward serve` with the policy that `doorward precheck` prints."},
    {"high-tool", "A tool runs code, acts outside, or hands out secrets", Severity::high,
     "What this tool does depends on its arguments or leaves the server. Limit its rate and its arguments by a policy; "
     "`doorward precheck` prints one."},
    {"tool-poisoning", "A tool's definition may be meant for the model behind its user's back", Severity::high,
     "The definition holds orders to the model, asks for secrecy, reaches for credentials or hides characters. Read it "
     "whole before any agent does; a sign is a reason to look, not a verdict."},
    {"tool-shadowing", "A tool's definition names tools of another server", Severity::high,
     "A definition that says how another server's tools are to be used can redirect them. Read it, and do not give both "
     "servers to one agent unless it is meant so."},
    {"trifecta", "One agent reads private data, reads what strangers wrote, and can send data out", Severity::high,
     "Text that a stranger wrote can make the agent send private data away. Take one of the three legs from the agent: "
     "split the servers between agents, or let a policy refuse the third leg once the other two were used."},
    {"name-collision", "Tools of different servers have the same name", Severity::medium,
     "A model, or a rule by name, may take one for the other. Rename one server's tools or do not connect both."},
    {"similar-names", "Tools of different servers have names that are easily confused", Severity::low,
     "A person or a model may take one for the other."},
    {"look-alike-package", "A package's name looks like a better known one's", Severity::high,
     "Look-alike packages are a way to have hostile code started. Check the publisher and the repository before you "
     "start it."},
    {"no-authentication", "A remote server answers without asking who calls", Severity::high,
     "Anybody who can reach the URL can use the server and what it can reach. Let it demand a token, or let it listen on "
     "this computer only."},
    {"plain-http", "A remote server is reached without TLS", Severity::high,
     "Calls, results and tokens can be read and changed on the way. Use https."},
    {"unpinned-package", "A server is started from whatever version its package has today", Severity::medium,
     "A new release, or whoever takes over the package, runs on this computer at the next start without a review. Name an "
     "exact version or a digest."},
    {"literal-secret", "A secret stands in a configuration file", Severity::medium,
     "Whoever reads the file, its backups or its repository has the secret. Use a reference such as ${NAME}, or keep it "
     "in the gateway (`doorward secret`), where no client needs it."},
    {"config-open-to-others", "Another user of this computer can write a configuration file", Severity::high,
     "Whoever can write it starts commands as you at the client's next start. Correct its owner and its mode."},
    {"duplicate-name", "A server's name stands twice in a file", Severity::medium,
     "Clients take the last entry in silence, so that what a reader sees first is not what runs. Remove one."},
    {"wrong-key", "Servers stand under a key that the client does not read", Severity::low,
     "The client ignores them without an error. Move them to the key that it reads."},
    {"config-invalid", "A configuration file cannot be read", Severity::medium,
     "What it starts is not known. Correct the place that is named."},
    {"not-reached", "A server did not answer", Severity::low, "Its tools could not be judged in this run."},
    {"not-examined", "Nobody has looked at what a server can do", Severity::medium,
     "Its tools are not known: it was not started, and the catalogue has no list of them. Scan it where starting it is "
     "harmless."},
};

}  // namespace

std::span<const Rule> rules() {
  return kRules;
}

const Rule& rule(std::string_view id) {
  return *std::ranges::find(kRules, id, &Rule::id);
}

}  // namespace doorward::scan
