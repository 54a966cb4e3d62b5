#include "gateway/bundle_names.h"

#include "mcp/tool_name.h"

namespace doorward::gateway {
namespace {

/// Of one grant, bundle and kind: more names than this get no claim.
constexpr std::size_t kMostClaims = 20'000;

}  // namespace

std::string_view NameClaims::Scope::holder(std::string_view name) const {
  const auto found = names_->find(name);
  return found == names_->end() ? std::string_view() : found->second;
}

bool NameClaims::Scope::claim(std::string_view name, std::string_view server) {
  if (names_->size() >= kMostClaims) return false;
  names_->emplace(name, server);
  return true;
}

NameClaims::Scope NameClaims::open(std::string_view grant, const BundleSettings& bundle,
                                   std::string_view kind) {
  std::string key(grant);
  for (std::string_view part : {std::string_view(bundle.name), kind}) {
    key += '\n';
    key += part;
  }
  std::unique_lock lock(mutex_);
  Of& of = of_[key];
  if (of.settings != bundle) of = {bundle, {}};
  return {std::move(lock), of.names};
}

std::string prefixed(const BundleMember& member, std::string_view name) {
  std::string out = member.prefix;
  out += kBundleSeparator;
  out += name;
  return out;
}

std::optional<PrefixMatch> match_prefix(const BundleSettings& bundle, std::string_view name) {
  const std::size_t at = name.find(kBundleSeparator);
  if (at == std::string_view::npos) return std::nullopt;
  for (std::size_t i = 0; i < bundle.members.size(); ++i) {
    if (bundle.members[i].prefix == name.substr(0, at)) return PrefixMatch{i, name.substr(at + 1)};
  }
  return std::nullopt;
}

void NameTable::make(const BundleSettings& bundle, std::span<const std::vector<std::string>> offered,
                     NameClaims& claims, std::string_view grant, std::string_view kind) {
  targets_.clear();
  shown_.assign(offered.size(), {});
  withheld_.clear();
  const bool plain = bundle.names != BundleNames::always;
  std::unordered_map<std::string_view, std::size_t> members_with;
  std::optional<NameClaims::Scope> scope;
  if (plain) {
    scope.emplace(claims.open(grant, bundle, kind));
    for (const std::vector<std::string>& names : offered) {
      for (const std::string& name : names) ++members_with[name];
    }
  }
  const auto keeps_plain = [&](const std::string& name, const std::string& server) {
    // What looks like another one's prefixed name would be taken for it.
    if (!plain || (bundle.names == BundleNames::conflict && match_prefix(bundle, name))) return false;
    const std::string_view holder = scope->holder(name);
    if (!holder.empty()) return holder == server;
    return members_with[name] == 1 && scope->claim(name, server);
  };
  for (std::size_t i = 0; i < offered.size(); ++i) {
    const BundleMember& member = bundle.members[i];
    for (const std::string& name : offered[i]) {
      const bool as_it_is = keeps_plain(name, member.server);
      if (!as_it_is && bundle.names == BundleNames::never) {
        withheld_.push_back({name, i, "another member has a tool or prompt of this name"});
        continue;
      }
      std::string shown = as_it_is ? name : prefixed(member, name);
      if (shown.size() > mcp::kMostNameBytes) {
        withheld_.push_back({name, i, "with its prefix the name is longer than clients can say"});
        continue;
      }
      shown_[i].emplace(name, shown);
      targets_.emplace(std::move(shown), Target{i, name});
    }
  }
}

const NameTable::Target* NameTable::find(std::string_view name) const {
  const auto found = targets_.find(name);
  return found == targets_.end() ? nullptr : &found->second;
}

const std::string* NameTable::shown(std::size_t member, std::string_view own) const {
  if (member >= shown_.size()) return nullptr;
  const auto found = shown_[member].find(own);
  return found == shown_[member].end() ? nullptr : &found->second;
}

}  // namespace doorward::gateway
