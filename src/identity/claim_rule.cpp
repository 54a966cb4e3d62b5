#include "identity/claim_rule.h"

#include <algorithm>
#include <charconv>

namespace doorward::identity {
namespace {

using json::Type;
using json::Value;

/// The value at a JSON Pointer (RFC 6901).
Value at_pointer(Value value, std::string_view pointer) {
  while (value && !pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t slash = pointer.find('/');
    std::string step;
    const std::string_view raw = pointer.substr(0, slash);
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const bool escaped = raw[i] == '~' && i + 1 < raw.size();
      step += !escaped ? raw[i] : raw[i + 1] == '1' ? '/' : '~';
      if (escaped) ++i;
    }
    pointer = slash == std::string_view::npos ? std::string_view() : pointer.substr(slash);
    if (value.is(Type::array)) {
      std::size_t index = 0;
      const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
      value = error == std::errc() && end == step.data() + step.size() ? value.at(index) : Value();
    } else {
      value = value.find(step);
    }
  }
  return value;
}

bool holds(Value claims, const ClaimMatch& match) {
  const Value value = match.claim.starts_with('/') ? at_pointer(claims, match.claim) : claims.find(match.claim);
  if (value.is(Type::string)) return value.string() == match.value;
  return std::ranges::any_of(value.elements(), [&](Value element) {
    return element.is(Type::string) && element.string() == match.value;
  });
}

}  // namespace

bool SubjectRule::matches(const Subject& subject) const {
  if (!certificate_sha256.empty()) {
    return subject.credential == "certificate" && subject.digest == certificate_sha256;
  }
  if (!certificate_san.empty()) {
    return subject.credential == "certificate" && holds(subject.claims->root(), {"san", certificate_san});
  }
  return subject.credential == "jwt" && subject.issuer == issuer && !claims.empty() &&
         std::ranges::all_of(claims,
                             [&](const ClaimMatch& match) { return holds(subject.claims->root(), match); });
}

TokenHash SubjectRule::digest() const {
  Sha256 hash;
  const auto add = [&](std::string_view part) { hash.update(std::to_string(part.size())).update(":").update(part); };
  add("subject rule");
  for (const std::string* part : {&issuer, &certificate_sha256, &certificate_san}) add(*part);
  for (const ClaimMatch& match : claims) {
    add(match.claim);
    add(match.value);
  }
  return hash.finish();
}

}  // namespace doorward::identity
