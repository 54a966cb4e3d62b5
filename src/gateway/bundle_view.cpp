#include "gateway/bundle_view.h"

#include <algorithm>

#include "gateway/bundles.h"
#include "gateway/worker.h"

namespace doorward::gateway {
namespace {

constexpr std::int64_t kLongestUs = 60'000'000;
/// A request that gathers parts may take this long until it shows them.
constexpr std::int64_t kPauseUs = 1'000'000;
constexpr std::int64_t kKeepUs = 10'000'000;

std::size_t index_of(mcp::Method list) {
  switch (list) {
    case mcp::Method::resources_list:
      return 1;
    case mcp::Method::resources_templates_list:
      return 2;
    case mcp::Method::prompts_list:
      return 3;
    default:
      return 0;
  }
}

/// How much of a URI a template fixes before its first variable, if the URI begins with that; else nothing.
std::optional<std::size_t> fit(std::string_view uri_template, std::string_view uri) {
  const std::size_t brace = uri_template.find('{');
  if (brace == std::string_view::npos || brace == 0) return std::nullopt;
  return uri.starts_with(uri_template.substr(0, brace)) ? std::optional(brace) : std::nullopt;
}

}  // namespace

BundleView::BundleView(Worker& worker, std::shared_ptr<const World> world, const GrantEntry& grant)
    : worker_(worker) {
  set_world(std::move(world), grant);
}

void BundleView::set_world(std::shared_ptr<const World> world, const GrantEntry& grant) {
  world_ = std::move(world);
  grant_ = &grant;
  const std::size_t members = grant.members.size();
  links_.clear();
  for (const GrantEntry& member : grant.members) {
    links_.push_back(worker_.link(*member.server).shared_from_this());
  }
  for (Parts& parts : lists_) {
    parts.clear();
    parts.resize(members);
  }
  generations_.assign(members, UINT64_MAX);
  visible_.assign(members, {});
  prompts_named_ = false;
  uris_.clear();
}

BundleView::Parts& BundleView::parts(mcp::Method list) {
  return lists_[index_of(list)];
}
const BundleView::Parts& BundleView::parts(mcp::Method list) const {
  return lists_[index_of(list)];
}

bool BundleView::fresh(mcp::Method list, std::size_t member) const {
  // Where an answer has to be on disk first, every list goes the whole way.
  if (worker_.power_durability()) return false;
  const Part& part = parts(list)[member];
  const auto& epoch = grant_->members[member].server->list_changes;
  return worker_.loop().now_us() < part.until_us && part.epoch == epoch.load(std::memory_order_relaxed) &&
         part.list.has_text();
}

bool BundleView::just_listed(mcp::Method list, std::size_t member) const {
  return worker_.loop().now_us() < parts(list)[member].put_us + kPauseUs;
}

void BundleView::put(mcp::Method list, std::size_t member, ListPart part, std::int64_t ttl_us,
                     std::uint64_t epoch) {
  const std::int64_t now = worker_.loop().now_us();
  const std::int64_t ttl = std::clamp<std::int64_t>(ttl_us, 0, kLongestUs);
  parts(list)[member] = {std::move(part), now, now + ttl, ttl / 1000, epoch};
  if (list == mcp::Method::prompts_list) prompts_named_ = false;
  if (list == mcp::Method::resources_list) {
    uris_.clear();
    const Parts& all = parts(list);
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (const std::string& uri : all[i].list.names()) uris_.emplace(uri, i);
    }
  }
}

void BundleView::append(std::string& out, mcp::Method list, const std::vector<bool>& of) {
  const NameTable* names = list == mcp::Method::tools_list     ? &tools()
                           : list == mcp::Method::prompts_list ? &prompts()
                                                               : nullptr;
  const Parts& all = parts(list);
  bool first = true;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!of[i]) continue;
    all[i].list.append(out, first, [&](const std::string& own) -> const std::string* {
      if (names != nullptr) return names->shown(i, own);
      // What two members list is the first one's.
      if (list != mcp::Method::resources_list) return &own;
      const auto found = uris_.find(own);
      return found != uris_.end() && found->second == i ? &own : nullptr;
    });
  }
}

std::int64_t BundleView::ttl_ms(mcp::Method list, const std::vector<bool>& of) const {
  std::int64_t least = kLongestUs / 1000;
  const Parts& all = parts(list);
  for (std::size_t i = 0; i < all.size(); ++i) {
    least = std::min(least, of[i] ? all[i].ttl_ms : 0);
  }
  return least;
}

bool BundleView::find_visible_tools(std::size_t member) {
  const GrantEntry& grant = grant_->members[member];
  ToolTable& tools = links_[member]->tools();
  if (generations_[member] == tools.generation()) return false;
  generations_[member] = tools.generation();
  policy::Call call;
  call.server = grant.server->settings->name;
  call.subject = &grant.subject;
  call.now_us = worker_.loop().wall_us();
  std::vector<std::string>& names = visible_[member];
  names.clear();
  tools.for_each([&](const std::string& name, const KnownTool& tool) {
    call.tool = name;
    call.category = tool.category;
    if (policy::listed(grant.policy.get(), call, worker_.scratch())) names.push_back(name);
  });
  return true;
}

const NameTable& BundleView::tools() {
  bool changed = false;
  for (std::size_t i = 0; i < visible_.size(); ++i) changed = find_visible_tools(i) || changed;
  if (changed) name_all(tools_, visible_, "tool");
  return tools_;
}

std::optional<NameTable::Target> BundleView::hidden_tool(std::string_view name) {
  const auto hidden = [&](std::size_t member, std::string_view own) {
    return links_[member]->tools().find(own) != nullptr &&
           std::ranges::find(visible_[member], own) == visible_[member].end();
  };
  for (std::size_t i = 0; i < visible_.size(); ++i) {
    if (hidden(i, name)) return NameTable::Target{i, std::string(name)};
  }
  const auto match = match_prefix(*grant_->bundle->settings, name);
  if (!match || !hidden(match->member, match->rest)) return std::nullopt;
  return NameTable::Target{match->member, std::string(match->rest)};
}

const NameTable& BundleView::prompts() {
  if (!prompts_named_) {
    prompts_named_ = true;
    std::vector<std::vector<std::string>> offered;
    for (const Part& part : parts(mcp::Method::prompts_list)) offered.push_back(part.list.names());
    name_all(prompts_, offered, "prompt");
  }
  return prompts_;
}

void BundleView::name_all(NameTable& table, std::span<const std::vector<std::string>> offered,
                          std::string_view kind) {
  const BundleSettings& bundle = *grant_->bundle->settings;
  table.make(bundle, offered, worker_.shared().name_claims, grant_->grant->id, kind);
  for (const NameTable::Withheld& each : table.withheld()) {
    worker_.bundles().alarm(bundle, bundle.members[each.member].server, kind, each.name, each.reason);
  }
}

std::optional<std::size_t> BundleView::member_of(std::string_view uri) const {
  const std::string key(uri);
  if (const auto found = uris_.find(key); found != uris_.end()) return found->second;
  std::optional<std::size_t> best;
  std::size_t longest = 0;
  const Parts& templates = parts(mcp::Method::resources_templates_list);
  for (std::size_t i = 0; i < templates.size(); ++i) {
    for (const std::string& each : templates[i].list.names()) {
      if (each == uri) return i;
      const auto length = fit(each, uri);
      if (!length || *length <= longest) continue;
      best = i;
      longest = *length;
    }
  }
  return best;
}

void BundleView::tick() {
  for (const mcp::Method list : {mcp::Method::tools_list, mcp::Method::resources_list,
                                 mcp::Method::resources_templates_list, mcp::Method::prompts_list}) {
    Parts& all = parts(list);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (worker_.loop().now_us() > all[i].put_us + std::max(kKeepUs, all[i].ttl_ms * 1000))
        all[i].list.drop_text();
    }
  }
}

}  // namespace doorward::gateway
