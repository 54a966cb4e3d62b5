#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"

#include "policy/loader.h"

namespace doorward::policy {
namespace {

using json::Type;
using json::Value;

constexpr std::int64_t kMillion = 1'000'000;
constexpr std::int64_t kLongestWindow = 31'622'400;  // 366 days

constexpr std::array<std::string_view, 5> kScopes = {"grant", "session", "identity", "server",
                                                     "organisation"};
constexpr std::array<std::string_view, 5> kWindows = {"minute", "hour", "day", "week", "month"};

/// `max` in millionths, rounded down: counts are whole millionths, so no count lies between.
std::int64_t rounded_down(const json::Decimal& max, std::int64_t rounded_up) {
  const std::string digits = std::to_string(rounded_up % kMillion + kMillion).substr(1);
  const std::string spelled = std::to_string(rounded_up / kMillion) + "." + digits;
  return json::Decimal(spelled) > max ? rounded_up - 1 : rounded_up;
}

bool same_path(const Path& a, const Path& b) {
  return std::ranges::equal(a.segments, b.segments, [](const Segment& x, const Segment& y) {
    return x.kind == y.kind && x.index == y.index && x.name == y.name;
  });
}

}  // namespace

bool Loader::window(Value value, const At& at, Limit& into) {
  if (value.type() == Type::number) {
    const auto seconds = check_.whole(value, at, 1, kLongestWindow);
    if (!seconds) return false;
    into.window_s = *seconds;
    into.window_text = *seconds == 1 ? "second" : std::to_string(*seconds) + " seconds";
    return true;
  }
  if (value.type() != Type::string) {
    check_.error("wrong-type", value, at,
                 "a window is \"minute\", \"hour\", \"day\", \"week\", \"month\" or a number of seconds");
    return false;
  }
  const auto word = check_.word(value, at, kWindows);
  if (!word) return false;
  static constexpr std::array<WindowKind, 5> kKinds = {WindowKind::rolling, WindowKind::rolling,
                                                       WindowKind::day, WindowKind::week, WindowKind::month};
  static constexpr std::array<std::int64_t, 5> kSeconds = {60, 3'600, 0, 0, 0};
  into.window = kKinds[*word];
  into.window_s = kSeconds[*word];
  into.window_text = std::string(kWindows[*word]);
  return true;
}

bool Loader::maximum(Value value, const At& at, Limit& into) {
  if (!check_.is(value, Type::number, at)) return false;
  const json::Decimal max(value.number());
  into.max_text = std::string(value.number());
  const auto millionths = max.to_millionths_rounded_up();
  if (!millionths) {
    const bool negative = millionths.error() == json::AmountError::negative;
    check_.error("out-of-range", value, at,
                 negative ? "\"max\" must not be negative" : "\"max\" must be at most 1000000000000");
    return false;
  }
  if (!into.has_amount && !max.is_whole()) {
    check_.error("out-of-range", value, at,
                 "\"max\" is a number of calls, so it must be whole; fractions need \"amount\"");
    return false;
  }
  into.max_millionths = rounded_down(max, *millionths);
  return true;
}

void Loader::amount(Value value, const At& at, Limit& into, Path& path) {
  into.has_amount = true;
  if (!check_.is(value, Type::string, at)) return;
  auto parsed = parse_path(value.string());
  if (!parsed) {
    check_.error("bad-path", value, at, parsed.error().message, parsed.error().suggestion);
  } else if (parsed->root != Root::args || parsed->each) {
    check_.error("bad-path", value, at,
                 "an amount is one number of the arguments: a path under args without [*]");
  } else {
    into.amount_path = parsed->text;
    path = std::move(*parsed);
  }
}

void Loader::add_limit(Limit limit, Path path, Value value, const At& at, Block& into) {
  into.limits.push_back(static_cast<std::uint32_t>(program_.limits.size()));
  program_.limits.push_back(std::move(limit));
  program_.amounts.push_back(std::move(path));
  limit_places_.emplace_back(value, at);
}

void Loader::limits(Value list, const At& at, const std::string& prefix, Block& into) {
  if (!list || !check_.is(list, Type::array, at)) return;
  std::size_t index = 0;
  for (Value value : list.elements()) {
    const At here = at / index++;
    if (!check_.object(value, here,
                       {"counter", "window", "max", "scope", "amount", "on_deny", "on_store_error"})) {
      continue;
    }
    Limit limit;
    Path path;
    bool good = true;
    if (const Value counter = check_.required(value, here, "counter")) {
      if (check_.is(counter, Type::string, here / "counter")) limit.counter = std::string(counter.string());
      if (counter.is(Type::string) && limit.counter.empty()) {
        check_.error("empty-name", counter, here / "counter", "a counter needs a name");
      }
    }
    if (const Value amount_value = value.find("amount")) amount(amount_value, here / "amount", limit, path);
    const Value window_value = check_.required(value, here, "window");
    good = window_value && window(window_value, here / "window", limit) && good;
    const Value max = check_.required(value, here, "max");
    good = max && maximum(max, here / "max", limit) && good;
    const Value scope_value = check_.required(value, here, "scope");
    const auto scope = check_.word(scope_value, here / "scope", kScopes);
    if (scope) limit.scope = static_cast<Scope>(*scope);
    if (const auto store =
            check_.word(value.find("on_store_error"), here / "on_store_error", {"deny", "local", "allow"})) {
      limit.on_store_error = static_cast<OnStoreError>(*store);
    }
    const std::string note = check_.note(value.find("on_deny"), here / "on_deny");
    const std::string text = prefix + "/limits/" + limit.counter;
    limit.without_room = rule(text, here, value, note);
    limit.wrong_amount = rule(text + "-type", here, value, note);
    if (good) add_limit(std::move(limit), std::move(path), value, here, into);
  }
}

void Loader::rate_limit(Value value, const At& at, const std::string& prefix, Block& into) {
  if (!value || !check_.object(value, at, {"max", "window"})) return;
  Limit limit;
  limit.counter = at.pointer;
  limit.own_counter = true;
  limit.scope = Scope::session;
  const Value max = check_.required(value, at, "max");
  const Value window_value = check_.required(value, at, "window");
  bool good = window_value && window(window_value, at / "window", limit);
  good = max && maximum(max, at / "max", limit) && good;
  limit.without_room = rule(prefix + "/rate_limit", at, value);
  limit.wrong_amount = rule(prefix + "/rate_limit-type", at, value);
  if (good) add_limit(std::move(limit), {}, value, at, into);
}

void Loader::agreement() {
  // Where a call has no session or identity the grant holds the count instead, so entries of these three
  // scopes can share one.
  struct Key {
    std::string counter;
    int holder;
    WindowKind window;
    std::int64_t window_s;
    auto operator<=>(const Key&) const = default;
  };
  std::map<Key, std::size_t> first;
  for (std::size_t i = 0; i < program_.limits.size(); ++i) {
    const Limit& limit = program_.limits[i];
    if (limit.own_counter) continue;
    const bool may_be_grant = limit.scope <= Scope::identity;
    const Key key{limit.counter, may_be_grant ? 0 : static_cast<int>(limit.scope), limit.window,
                  limit.window_s};
    const auto [found, fresh] = first.try_emplace(key, i);
    if (fresh) continue;
    const Limit& other = program_.limits[found->second];
    if (limit.has_amount == other.has_amount &&
        same_path(program_.amounts[i], program_.amounts[found->second]))
      continue;
    check_.error("shared-counter", limit_places_[i].first, limit_places_[i].second,
                 "this shares the counter \"" + limit.counter + "\" with " +
                     limit_places_[found->second].second.pointer +
                     ", but adds another amount; give it a counter of its own or the same \"amount\"");
  }
}

}  // namespace doorward::policy
