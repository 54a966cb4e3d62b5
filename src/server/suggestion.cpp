#include "server/suggestion.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "base/text.h"
#include "catalogue/pretty.h"
#include "json/copy.h"
#include "json/reader.h"
#include "json/writer.h"
#include "policy/glob.h"

namespace doorward::server {
namespace {

constexpr std::int64_t kMinuteUs = 60'000'000;
constexpr std::uint64_t kLeastPerMinute = 10;

struct Use {
  Suggestion::Tool counts;
  std::set<std::string_view> agents;
};

std::map<std::string_view, Use> uses_of(const std::vector<RecordedCall>& calls) {
  std::map<std::string_view, Use> uses;
  for (const RecordedCall& call : calls) {
    if (call.rule == "(unknown tool)") continue;
    Use& use = uses[call.tool];
    if (!call.forwarded) {
      ++use.counts.refused;
      continue;
    }
    ++use.counts.calls;
    if (call.verdict == "approve" && call.enforced) ++use.counts.asked;
    use.agents.insert(call.agent);
  }
  return uses;
}

/// The most calls that one agent made within any minute.
std::uint64_t peak_of(const std::vector<RecordedCall>& calls) {
  std::map<std::string_view, std::deque<std::int64_t>> recent;
  std::size_t most = 0;
  for (const RecordedCall& call : calls) {
    if (!call.forwarded) continue;
    std::deque<std::int64_t>& times = recent[call.grant_id];
    times.push_back(call.time_us);
    while (times.front() <= call.time_us - kMinuteUs) times.pop_front();
    most = std::max(most, times.size());
  }
  return most;
}

class Draft {
 public:
  Draft(std::string_view server, const std::shared_ptr<const policy::Policy>& current) : server_(server), current_(current) {
    if (current_ == nullptr) return;
    if (const auto root = reader_.read(current_->text())) root_ = *root;
  }

  std::string write(const Suggestion& suggestion, std::string_view span) {
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("version").string("1").key("description").string(description(suggestion, span));
    writer.key("default").string("deny");
    // Twice what was seen leaves room for a busy minute and none for a loop.
    const std::uint64_t most = std::max(kLeastPerMinute, suggestion.peak * 2);
    writer.key("all_tools");
    if (const json::Value kept = root_.find("all_tools")) {
      writer.raw(json::text_of(current_->text(), kept));
    } else {
      writer.begin_object().key("limits").begin_array().begin_object().key("counter").string("calls-per-minute");
      writer.key("window").string("minute").key("max").number(most).key("scope").string("grant").end_object().end_array().end_object();
    }
    if (const json::Value zone = root_.find("timezone")) writer.key("timezone").raw(json::text_of(current_->text(), zone));
    writer.key("tools").begin_object();
    for (const Suggestion::Tool& tool : suggestion.tools) {
      writer.key(tool.tool);
      write_rules(writer, tool);
    }
    writer.end_object().end_object();
    return catalogue::pretty(out) + "\n";
  }

  bool keeps_rules() const { return keeps_; }

 private:
  std::string description(const Suggestion& suggestion, std::string_view span) const {
    std::string text = "Drafted from " + plural_of(suggestion.calls, "call") + " to " + std::string(server_) + " in " + std::string(span) + ": ";
    constexpr std::size_t kMostNamed = 20;
    for (std::size_t i = 0; i < std::min(suggestion.tools.size(), kMostNamed); ++i) {
      const Suggestion::Tool& tool = suggestion.tools[i];
      text += (i == 0 ? "" : ", ") + tool.tool + " " + std::to_string(tool.calls);
    }
    if (suggestion.tools.size() > kMostNamed) text += ", " + plural_of(suggestion.tools.size() - kMostNamed, "further tool");
    return text + ".";
  }

  void write_rules(json::Writer& writer, const Suggestion::Tool& tool) {
    const json::Value block = root_.find("tools").find(tool.tool);
    const bool refuses = text_of(block, "action") == "deny" || text_of(block, "action") == "hide";
    if (block && !refuses) {
      keeps_ = keeps_ || block.size() > 0;
      writer.raw(json::text_of(current_->text(), block));
    } else if (tool.asked == tool.calls) {
      writer.begin_object().key("action").string("approve").end_object();
    } else {
      writer.begin_object().end_object();
    }
  }

  std::string_view server_;
  std::shared_ptr<const policy::Policy> current_;
  json::Reader reader_;
  json::Value root_;
  bool keeps_ = false;
};

}  // namespace

Suggestion suggest_policy(const std::vector<RecordedCall>& calls, std::string_view server,
                          const std::shared_ptr<const policy::Policy>& current, std::string_view span) {
  Suggestion result;
  result.calls = calls.size();
  result.peak = peak_of(calls);
  std::size_t patterns = 0;
  for (auto& [name, use] : uses_of(calls)) {
    // A name that is a pattern would admit others, so it cannot be permitted by itself.
    if (policy::is_glob(name)) {
      ++patterns;
      continue;
    }
    use.counts.tool = name;
    use.counts.agents = use.agents.size();
    (use.counts.calls > 0 ? result.tools : result.refused).push_back(use.counts);
  }
  std::ranges::sort(result.tools, [](const auto& a, const auto& b) { return std::pair(b.calls, a.tool) < std::pair(a.calls, b.tool); });
  Draft draft(server, current);
  result.text = draft.write(result, span);
  if (patterns > 0) result.notes.push_back(plural_of(patterns, "tool") + " with a name that is a pattern is left out.");
  if (draft.keeps_rules()) result.notes.push_back("Rules that the policy " + std::string(current->name()) + " has for these tools are kept as they stand.");
  if (current != nullptr) {
    result.notes.emplace_back("Its rules by category (risk) and by pattern are not carried over: compare with `doorward policy diff`.");
  }
  result.notes.emplace_back("What no agent did in this time is denied; a longer window finds what is done seldom.");
  return result;
}

}  // namespace doorward::server
