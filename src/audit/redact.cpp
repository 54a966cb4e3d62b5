#include "audit/redact.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "json/writer.h"

namespace doorward::audit {
namespace {

constexpr std::size_t kShortestSecret = 6;

/// Names without `_`, `-`, `.` and spaces, in lower case.
constexpr std::array<std::string_view, 16> kNames = {
    "password", "passwd",     "passphrase", "secret",     "token",      "apikey",      "authorization", "credential",
    "cookie",   "privatekey", "accesskey",  "signature",  "sessionid",  "clientsecret", "bearer",       "otp"};

/// How credentials of well-known services begin, and the fewest characters that follow.
struct Form {
  std::string_view prefix;
  std::size_t least;
};
constexpr std::array<Form, 18> kForms = {{{"Bearer ", 12},    {"Basic ", 12},   {"eyJ", 20},     {"sk-", 16},
                                          {"sk_live_", 10},   {"sk_test_", 10}, {"ghp_", 20},    {"gho_", 20},
                                          {"github_pat_", 20}, {"glpat-", 16},   {"xoxb-", 10},   {"xoxp-", 10},
                                          {"AKIA", 16},       {"ASIA", 16},     {"AIza", 30},    {"npm_", 20},
                                          {"dw_", 20},        {"doorward_", 20}}};

std::string simplified(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c == '_' || c == '-' || c == '.' || c == ' ') continue;
    plain += to_lower(c);
  }
  return plain;
}

bool is_token_byte(char c) {
  return is_alnum(c) || std::string_view("-_.~+/=").find(c) != std::string_view::npos;
}

/// The end of a credential that begins at `at`, or `at` itself.
std::size_t form_end(std::string_view text, std::size_t at) {
  if (at > 0 && is_token_byte(text[at - 1]) && text[at - 1] != '=' && text[at - 1] != '/') return at;
  for (const Form& form : kForms) {
    if (!text.substr(at).starts_with(form.prefix)) continue;
    std::size_t end = at + form.prefix.size();
    while (end < text.size() && is_token_byte(text[end])) ++end;
    if (end - at - form.prefix.size() >= form.least) return end;
  }
  constexpr std::string_view kPem = "-----BEGIN ";
  if (text.substr(at).starts_with(kPem) && text.substr(at, 64).find("PRIVATE KEY") != std::string_view::npos) {
    const std::size_t tail = text.find("-----END ", at);
    const std::size_t close = tail == std::string_view::npos ? tail : text.find("-----", tail + 9);
    return close == std::string_view::npos ? text.size() : close + 5;
  }
  return at;
}

/// The user information of `scheme://user:password@host` from `at`, which is behind the slashes; empty if none.
std::size_t user_info_end(std::string_view text, std::size_t at) {
  const std::size_t end = text.find_first_of("/?# \n\t\"'", at);
  const std::string_view authority = text.substr(at, end == std::string_view::npos ? end : end - at);
  const std::size_t sign = authority.rfind('@');
  return sign == std::string_view::npos || authority.substr(0, sign).find(':') == std::string_view::npos ? at : at + sign;
}

}  // namespace

Redactor::Redactor(std::vector<std::string> names) : secrets_(std::make_shared<const std::vector<std::string>>()) {
  for (const std::string& name : names) names_.push_back(simplified(name));
}

void Redactor::set_secrets(std::vector<std::string> secrets) {
  std::erase_if(secrets, [](const std::string& secret) { return secret.size() < kShortestSecret; });
  auto next = std::make_shared<const std::vector<std::string>>(std::move(secrets));
  std::lock_guard guard(mutex_);
  secrets_ = std::move(next);
}

bool Redactor::names_secret(std::string_view member) const {
  const std::string plain = simplified(member);
  const auto part = [&](std::string_view name) { return !name.empty() && plain.find(name) != std::string::npos; };
  return std::ranges::any_of(kNames, part) || std::ranges::any_of(names_, part) || plain == "key" || plain == "pin" ||
         plain == "pwd";
}

std::string Redactor::redacted(std::string_view text, std::size_t& places) const {
  std::shared_ptr<const std::vector<std::string>> secrets;
  {
    std::lock_guard guard(mutex_);
    secrets = secrets_;
  }
  std::string out;
  const auto replace = [&](std::size_t& at, std::size_t end) {
    out += kRedacted;
    ++places;
    at = end;
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto exact = std::ranges::find_if(*secrets, [&](const std::string& one) { return text.substr(at).starts_with(one); });
    if (exact != secrets->end()) {
      replace(at, at + exact->size());
    } else if (const std::size_t end = form_end(text, at); end != at) {
      replace(at, end);
    } else if (text.substr(at).starts_with("://") && user_info_end(text, at + 3) != at + 3) {
      out += "://";
      at += 3;
      replace(at, user_info_end(text, at));
    } else {
      out += text[at++];
    }
  }
  return out;
}

std::size_t Redactor::append(std::string& out, json::Value value) {
  std::size_t places = 0;
  if (value.is(json::Type::object)) {
    std::vector<json::Member> members;
    for (const json::Member member : value.members()) members.push_back(member);
    std::ranges::sort(members, {}, [](const json::Member& member) { return member.key.string(); });
    out += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i != 0) out += ',';
      // A name may hold a secret as well as a value.
      json::append_string(out, redacted(members[i].key.string(), places));
      out += ':';
      if (names_secret(members[i].key.string()) && !members[i].value.is(json::Type::null)) {
        json::append_string(out, kRedacted);
        ++places;
      } else {
        places += append(out, members[i].value);
      }
    }
    out += '}';
  } else if (value.is(json::Type::array)) {
    out += '[';
    bool first = true;
    for (const json::Value element : value.elements()) {
      if (!first) out += ',';
      first = false;
      places += append(out, element);
    }
    out += ']';
  } else if (value.is(json::Type::string)) {
    json::append_string(out, redacted(value.string(), places));
  } else if (value.is(json::Type::number)) {
    out += value.number();
  } else if (value.is(json::Type::boolean)) {
    out += value.boolean() ? "true" : "false";
  } else {
    out += "null";
  }
  return places;
}

}  // namespace doorward::audit
