#include "server/client_token.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "identity/token.h"
#include "io/file.h"

namespace doorward::server {
namespace {

constexpr std::string_view kSuffix = ".token";
constexpr std::size_t kMostBytes = 256;

std::string folder_of(const StateDir& state) {
  return state.path + "/clients";
}

bool exists(const std::string& path) {
  struct stat facts {};
  return stat(path.c_str(), &facts) == 0;
}

/// Labels of the clients that `doorward init` connected with the server.
std::vector<std::string> labels_for(const StateDir& state, const std::string& server) {
  std::vector<std::string> labels;
  std::error_code failed;
  std::filesystem::directory_iterator at(folder_of(state), failed);
  for (const std::filesystem::directory_iterator end; !failed && at != end; at.increment(failed)) {
    const std::string name = at->path().filename().string();
    if (!name.ends_with("-" + server + std::string(kSuffix))) continue;
    labels.push_back(name.substr(0, name.size() - kSuffix.size()));
  }
  std::ranges::sort(labels);
  return labels;
}

Result<std::string> choose_label(const StateDir& state, const ClientChoice& choice) {
  if (!choice.grant.empty()) return choice.grant;
  if (!choice.client.empty()) return client_grant_label(choice.client, choice.server);
  if (exists(client_token_file(state, choice.server))) return choice.server;
  const std::vector<std::string> labels = labels_for(state, choice.server);
  if (labels.size() == 1) return labels.front();
  if (labels.empty()) {
    return fail(ErrorKind::not_found, "no client is connected with the server " + choice.server +
                                          " here; run `doorward init`, or name a grant with --grant");
  }
  std::string all;
  for (const std::string& label : labels) all += (all.empty() ? "" : ", ") + label;
  return fail(ErrorKind::invalid, "several grants are for the server " + choice.server + " (" + all +
                                      "); name one with --grant");
}

}  // namespace

std::string client_grant_label(std::string_view client, std::string_view server) {
  return std::string(client) + "-" + std::string(server);
}

std::string client_token_file(const StateDir& state, std::string_view label) {
  return folder_of(state) + "/" + std::string(label) + std::string(kSuffix);
}

Result<ClientToken> read_client_token(const StateDir& state, const ClientChoice& choice) {
  const auto label = choose_label(state, choice);
  if (!label) return std::unexpected(label.error());
  const std::string path = client_token_file(state, *label);
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) {
    return fail(ErrorKind::not_found, "the grant " + *label + " has no token on this computer (" + path +
                                          "); run `doorward init`, or `doorward grant create " + *label + " --server " +
                                          choice.server + "` and put its token there");
  }
  if ((facts.st_mode & 0077) != 0 || facts.st_uid != geteuid()) {
    return fail(ErrorKind::denied, "others can read " + path + "; run chmod 600 on it, and replace the token with "
                                       "`doorward grant rotate " + *label + "`");
  }
  auto text = io::read_file(path, kMostBytes);
  if (!text) return std::unexpected(text.error());
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r' || text->back() == ' ')) text->pop_back();
  if (!identity::is_token(*text)) {
    return fail(ErrorKind::corrupt, path + " holds no token; run `doorward grant rotate " + *label + "` and put the new "
                                           "token there");
  }
  return ClientToken{*label, std::move(*text)};
}

}  // namespace doorward::server
