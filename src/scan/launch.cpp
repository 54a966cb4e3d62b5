#include "scan/launch.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/text.h"
#include "http/url.h"
#include "server/config.h"

namespace doorward::scan {
namespace {

constexpr std::string_view kHidden = "[hidden]";

/// Values by which well-known services mark their tokens.
bool has_token_mark(std::string_view value) {
  static constexpr std::array<std::string_view, 18> kMarks = {
      "sk-",  "ghp_", "gho_", "ghs_", "ghu_",   "github_pat_", "glpat-", "xoxb-", "xoxp-",
      "xapp-", "AKIA", "ASIA", "eyJ",  "ya29.", "AIza",        "npm_",   "lin_api_", "secret_"};
  return value.size() >= 16 && std::ranges::any_of(kMarks, [&](std::string_view mark) { return value.starts_with(mark); });
}

/// What documentation puts where a secret belongs.
bool is_placeholder(std::string_view value) {
  const std::string text = lower(value);
  return text.starts_with("your") || text.starts_with("<") || text.starts_with("xxx") || text.starts_with("***") ||
         text.find("replace") != std::string::npos || text.find("_here") != std::string::npos;
}

bool is_literal_secret(std::string_view name, std::string_view value) {
  for (const std::string_view scheme : {"Bearer ", "bearer ", "Basic ", "token "}) {
    if (value.starts_with(scheme)) value.remove_prefix(scheme.size());
  }
  if (value.size() < 6 || holds_reference(value) || is_placeholder(value)) return false;
  return has_token_mark(value) || (!name.empty() && server::looks_secret(name));
}

/// Replaces references by what they stand for.
class Expander {
 public:
  explicit Expander(const References& references) : references_(references) {}

  std::string operator()(std::string_view text) {
    std::string out;
    while (!text.empty()) {
      const bool dollar = text.starts_with("${");
      if (!dollar && !text.starts_with("{env:")) {
        const std::size_t next = std::min(text.find("${", 1), text.find("{env:", 1));
        out += text.substr(0, next);
        text.remove_prefix(std::min(next, text.size()));
        continue;
      }
      const std::size_t close = text.find('}');
      if (close == std::string_view::npos) return out += text;
      const std::size_t open = dollar ? 2 : 1;
      out += value_of(text.substr(open, close - open));
      text.remove_prefix(close + 1);
    }
    return out;
  }

  const std::vector<std::string>& missing() const { return missing_; }

 private:
  std::string value_of(std::string_view name) {
    if (name == "userHome") return references_.home;
    if (name == "workspaceFolder" || name == "workspaceRoot") return references_.workspace;
    if (name == "workspaceFolderBasename") return std::filesystem::path(references_.workspace).filename().string();
    if (name == "pathSeparator" || name == "/") return "/";
    if (name.starts_with("input:") || name.starts_with("command:") || name.starts_with("prompt:")) {
      missing_.push_back("\"" + std::string(name.substr(name.find(':') + 1)) + "\", which the client asks its user for");
      return {};
    }
    if (name.starts_with("env:")) name.remove_prefix(4);
    const std::size_t otherwise = name.find(":-");
    const std::string variable(name.substr(0, otherwise));
    if (auto value = references_.variable(variable); value && !(value->empty() && otherwise != std::string_view::npos)) {
      return *value;
    }
    if (otherwise != std::string_view::npos) return std::string(name.substr(otherwise + 2));
    missing_.push_back("the variable " + variable + ", which is not set here");
    return {};
  }

  const References& references_;
  std::vector<std::string> missing_;
};

/// A word as a person reads it in a command line: what a shell would take apart or replace stands in quotes.
std::string shown_word(const std::string& word) {
  const bool plain = !word.empty() && std::ranges::all_of(word, [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("@%_+=:,./-[]{}$~").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// The URL without what may be secret in it: user info and the values of telling parameters.
std::string shown_url(std::string_view url, bool& secret) {
  std::string out(url);
  const std::size_t scheme = out.find("://");
  if (scheme != std::string::npos) {
    const std::size_t end = std::min(out.find_first_of("/?#", scheme + 3), out.size());
    const std::size_t at = out.rfind('@', end);
    if (at != std::string::npos && at > scheme + 2 && at < end) {
      out.replace(scheme + 3, at - scheme - 3, kHidden);
      secret = true;
    }
  }
  std::size_t from = out.find('?');
  while (from != std::string::npos && from < out.size()) {
    const std::size_t equals = out.find('=', from + 1);
    const std::size_t end = std::min(out.find_first_of("&#", from + 1), out.size());
    if (equals < end && equals + 1 < end) {
      const std::string_view name = std::string_view(out).substr(from + 1, equals - from - 1);
      const std::string_view value = std::string_view(out).substr(equals + 1, end - equals - 1);
      if ((server::looks_secret(name) || name == "key" || name == "apikey" || has_token_mark(value)) && !holds_reference(value)) {
        out.replace(equals + 1, end - equals - 1, kHidden);
        secret = true;
      }
    }
    from = out.find('&', from + 1);
  }
  return out;
}

/// The words of a command as people may see them; where secrets stand goes to `literal`.
std::string shown_command(const clients::Entry& entry, std::vector<std::string>& literal) {
  std::string out = shown_word(entry.command);
  bool value_follows = false;
  for (std::size_t i = 0; i < entry.args.size(); ++i) {
    const std::string& arg = entry.args[i];
    const std::size_t equals = arg.find('=');
    const std::string_view name =
        std::string_view(arg).substr(0, equals).substr(std::min(arg.find_first_not_of('-'), arg.size()));
    bool secret = false;
    std::string shown = arg;
    if (value_follows && !arg.starts_with("--") && !holds_reference(arg) && !is_placeholder(arg)) {
      shown = kHidden;
      secret = true;
    } else if (arg.find("://") < equals) {
      shown = shown_url(arg, secret);
    } else if (equals != std::string::npos && is_literal_secret(name, std::string_view(arg).substr(equals + 1))) {
      shown = arg.substr(0, equals + 1) + std::string(kHidden);
      secret = true;
    } else if (const std::size_t colon = arg.find(':');
               colon != std::string::npos && arg.find("://") != colon && server::looks_secret(std::string_view(arg).substr(0, colon)) &&
               arg.size() > colon + 6 && !holds_reference(arg)) {
      shown = arg.substr(0, colon + 1) + std::string(kHidden);  // a header: `Authorization: Bearer ...`
      secret = true;
    } else if (has_token_mark(arg)) {
      shown = kHidden;
      secret = true;
    }
    if (secret) literal.push_back("argument " + std::to_string(i + 1));
    // `-e NAME` of a container names a variable; its value does not follow.
    value_follows = arg.starts_with("--") && equals == std::string::npos && server::looks_secret(name);
    out += " " + shown_word(shown);
  }
  return out;
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && name.find('=') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

bool is_clean(std::string_view text) {
  return text.find('\0') == std::string_view::npos;
}

bool is_header(std::string_view name, std::string_view value) {
  const auto token = [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  };
  return !name.empty() && std::ranges::all_of(name, token) &&
         std::ranges::all_of(value, [](unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7F); });
}

/// Headers by which our own links frame their messages.
bool is_framing(const std::string& name) {
  static constexpr std::array<std::string_view, 9> kOwn = {"host", "content-length", "content-type", "transfer-encoding",
                                                           "connection", "accept", "mcp-session-id", "mcp-protocol-version",
                                                           "te"};
  return std::ranges::find(kOwn, name) != kOwn.end();
}

std::string digest_of(const clients::Entry& entry) {
  std::string all = entry.command + '\0' + entry.url + '\0' + entry.directory;
  for (const std::string& arg : entry.args) all += '\0' + arg;
  if (!entry.env_file.empty()) all += '\2' + entry.env_file;
  for (const auto* settings : {&entry.env, &entry.headers}) {
    std::vector<std::string> pairs;
    for (const clients::Setting& each : *settings) pairs.push_back(each.name + '=' + each.value);
    std::ranges::sort(pairs);
    for (const std::string& pair : pairs) all += '\1' + pair;
  }
  std::string key = to_hex(sha256(all)).substr(0, 32);
  wipe(all);
  return key;
}

}  // namespace

References references_of_process() {
  References references;
  references.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  references.home = references.variable("HOME").value_or("");
  std::error_code ignored;
  references.workspace = std::filesystem::current_path(ignored).string();
  return references;
}

bool holds_reference(std::string_view value) {
  return value.find("${") != std::string_view::npos || value.starts_with("{env:") || value.starts_with("{file:") ||
         value.starts_with("op://");
}

Launch make_launch(const clients::Entry& entry, const References& references) {
  Launch launch;
  launch.key = digest_of(entry);
  launch.is_command_ = !entry.command.empty();
  std::vector<std::string> secrets;
  for (const clients::Setting& each : entry.env) {
    launch.env.push_back(each.name);
    if (is_literal_secret(each.name, each.value)) launch.literal_secrets.push_back("env " + each.name);
  }
  for (const std::string& name : entry.passed_env) launch.env.push_back(name);
  for (const clients::Setting& each : entry.headers) {
    launch.headers.push_back(each.name);
    launch.sends_credentials = launch.sends_credentials || server::looks_secret(each.name);
    if (is_literal_secret(each.name, each.value)) launch.literal_secrets.push_back("header " + each.name);
  }
  Expander expand(references);
  auto settings = std::make_shared<upstream::ServerSettings>();
  settings->name = "scan";
  if (launch.is_command_) {
    std::vector<std::string> words{entry.command};
    words.insert(words.end(), entry.args.begin(), entry.args.end());
    launch.text = shown_command(entry, launch.literal_secrets);
    launch.package = package_of(words);
    launch.wrapper = wrapper_of(words);
    if (!launch.wrapper.empty()) {
      bool hidden = false;
      const auto url = std::ranges::find_if(words, [](const std::string& word) {
        return word.starts_with("https://") || word.starts_with("http://");
      });
      if (url != words.end()) launch.url = shown_url(*url, hidden);
      launch.sends_credentials = std::ranges::any_of(words, [](const std::string& word) {
        return lower(word).starts_with("authorization:");
      });
    }
    upstream::StdioTarget target;
    for (const std::string& word : words) target.command.push_back(expand(word));
    target.directory = expand(entry.directory);
    if (target.directory.empty() && !entry.project.empty()) target.directory = entry.project;
    for (const std::string& name : entry.passed_env) {
      if (auto value = references.variable(name)) target.environment.emplace_back(name, std::move(*value));
    }
    for (const clients::Setting& each : entry.env) target.environment.emplace_back(each.name, expand(each.value));
    for (const auto& [name, value] : target.environment) {
      if (!is_variable_name(name) || !is_clean(value)) launch.problem = "a variable of it is none";
      if (server::looks_secret(name) || has_token_mark(value)) secrets.push_back(value);
    }
    if (!std::ranges::all_of(target.command, is_clean)) launch.problem = "its command holds a NUL";
    std::string& program = target.command.front();
    if (program.find('/') != std::string::npos && !program.starts_with('/')) {
      const std::filesystem::path folder = target.directory.empty() ? references.workspace : target.directory;
      program = (folder / program).lexically_normal().string();
    }
    settings->target = std::move(target);
  } else {
    bool hidden = false;
    launch.text = launch.url = shown_url(entry.url, hidden);
    if (hidden) launch.literal_secrets.emplace_back("url");
    launch.sends_credentials = launch.sends_credentials || hidden;
    upstream::HttpTarget target;
    const auto url = http::parse_url(expand(entry.url));
    if (!url) {
      launch.problem = "its URL cannot be used: " + (holds_reference(entry.url) ? std::string("a reference in it has no value") : url.error().message);
    } else {
      target.tls = url->tls;
      target.host = url->host;
      target.port = url->port;
      target.authority = url->authority;
      target.path = url->target;
    }
    target.transport = entry.transport == clients::Transport::sse               ? upstream::HttpTransport::sse
                       : entry.transport == clients::Transport::streamable_http ? upstream::HttpTransport::streamable
                                                                                : upstream::HttpTransport::automatic;
    for (const clients::Setting& each : entry.headers) {
      std::string value = expand(each.value);
      std::string name = lower(each.name);
      if (!is_header(name, value)) launch.problem = "a header of it is none";
      if (is_framing(name)) continue;
      if (server::looks_secret(name) || has_token_mark(value)) secrets.push_back(value);
      target.headers.emplace_back(std::move(name), std::move(value));
    }
    settings->target = std::move(target);
  }
  if (!entry.flaw.empty()) launch.problem = entry.flaw;
  if (launch.problem.empty() && !expand.missing().empty()) launch.problem = "it needs " + expand.missing().front();
  if (launch.text.empty()) launch.text = entry.flaw;
  std::erase_if(secrets, [](const std::string& secret) {
    return !std::ranges::all_of(secret, [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
  });
  settings->masking.masker = upstream::Masker::make(secrets);
  if (launch.problem.empty()) launch.settings = std::move(settings);
  return launch;
}

Result<clients::Entry> entry_of_command(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool started = false;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == '\'' ? c != '\'' : c == '\\' && i + 1 < line.size() &&
                                        (quote == 0 || line[i + 1] == '"' || line[i + 1] == '\\')) {
      word += quote == '\'' ? c : line[++i];
      started = true;
    } else if (quote != 0) {
      if (c == quote) quote = 0;
      else word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      started = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (started) words.push_back(std::exchange(word, {}));
      started = false;
    } else {
      word += c;
      started = true;
    }
  }
  if (quote != 0) return fail(ErrorKind::invalid, "a quote in the command is not closed");
  if (started) words.push_back(std::move(word));
  if (words.empty()) return fail(ErrorKind::invalid, "the command is empty");
  clients::Entry entry;
  entry.scope = clients::Scope::given;
  entry.transport = clients::Transport::stdio;
  entry.command = std::move(words.front());
  entry.args.assign(std::make_move_iterator(words.begin() + 1), std::make_move_iterator(words.end()));
  const std::optional<StartedPackage> started_package = [&] {
    std::vector<std::string> all{entry.command};
    all.insert(all.end(), entry.args.begin(), entry.args.end());
    return package_of(all);
  }();
  entry.name = started_package ? started_package->package.identifier : std::filesystem::path(entry.command).filename().string();
  return entry;
}

clients::Entry entry_of_url(const std::string& url) {
  clients::Entry entry;
  entry.scope = clients::Scope::given;
  entry.url = url;
  const auto parsed = http::parse_url(url);
  entry.name = parsed ? parsed->host : "server";
  return entry;
}

}  // namespace doorward::scan
