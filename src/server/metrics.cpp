#include "server/metrics.h"

#include <cstdio>
#include <iterator>
#include <string_view>
#include <utility>

namespace doorward::server {
namespace {

using gateway::CallCounters;

constexpr std::string_view kDecisions[] = {"allow", "deny", "hide", "approve"};
constexpr std::string_view kOutcomes[] = {"ok", "error", "tool_error", "upstream_error", "cancelled", "timeout"};
static_assert(std::size(kDecisions) == CallCounters::kDecisions && std::size(kOutcomes) == CallCounters::kOutcomes);

class Text {
 public:
  Text& head(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    out_ += "# HELP ";
    out_ += name;
    out_ += ' ';
    out_ += help;
    out_ += "\n# TYPE ";
    out_ += name;
    out_ += ' ';
    out_ += type;
    out_ += '\n';
    return *this;
  }
  Text& value(std::uint64_t value, std::string_view labels = {}, std::string_view suffix = {}) {
    return raw(std::to_string(value), labels, suffix);
  }
  Text& seconds(std::uint64_t us, std::string_view suffix = {}) { return raw(seconds_text(us), {}, suffix); }
  static std::string seconds_text(std::uint64_t us) {
    char text[40];
    std::snprintf(text, sizeof(text), "%.6f", static_cast<double>(us) / 1e6);
    return text;
  }
  std::string take() { return std::move(out_); }

 private:
  Text& raw(std::string_view value, std::string_view labels, std::string_view suffix) {
    out_ += name_;
    out_ += suffix;
    if (!labels.empty()) {
      out_ += '{';
      out_ += labels;
      out_ += '}';
    }
    out_ += ' ';
    out_ += value;
    out_ += '\n';
    return *this;
  }

  std::string out_;
  std::string name_;
};

std::string label(std::string_view name, std::string_view value) {
  return std::string(name) + "=\"" + std::string(value) + '"';
}

}  // namespace

std::string metrics_text(const CallCounters::Totals& totals, const Gauges& gauges) {
  Text text;
  text.head("doorward_decisions_total", "counter", "Requests of clients, by what was decided of them.");
  for (std::size_t i = 0; i < CallCounters::kDecisions; ++i) {
    text.value(totals.decisions[i], label("decision", kDecisions[i]));
  }
  text.head("doorward_outcomes_total", "counter", "Forwarded requests, by how they ended.");
  for (std::size_t i = 0; i < CallCounters::kOutcomes; ++i) {
    text.value(totals.outcomes[i], label("result", kOutcomes[i]));
  }
  text.head("doorward_rejected_total", "counter", "Requests refused before a decision.").value(totals.rejected);
  text.head("doorward_request_duration_seconds", "histogram", "From a request's intent to the end of its answer.");
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < totals.durations.size(); ++i) {
    below += totals.durations[i];
    const bool last = i == CallCounters::kBounds.size();
    const std::string bound =
        last ? "+Inf" : Text::seconds_text(static_cast<std::uint64_t>(CallCounters::kBounds[i]));
    text.value(below, label("le", bound), "_bucket");
  }
  text.seconds(totals.duration_us, "_sum").value(below, {}, "_count");
  text.head("doorward_added_duration_seconds", "histogram", "What the gateway itself took of a forwarded request.");
  std::uint64_t within = 0;
  for (std::size_t i = 0; i < totals.added.size(); ++i) {
    within += totals.added[i];
    const bool last = i == CallCounters::kAddedBounds.size();
    const std::string bound =
        last ? "+Inf" : Text::seconds_text(static_cast<std::uint64_t>(CallCounters::kAddedBounds[i]));
    text.value(within, label("le", bound), "_bucket");
  }
  text.seconds(totals.added_us, "_sum").value(within, {}, "_count");
  text.head("doorward_connections", "gauge", "Client connections that are open.").value(gauges.connections);
  text.head("doorward_approvals_waiting", "gauge", "Requests that wait for people.").value(gauges.approvals_waiting);
  text.head("doorward_event_listeners", "gauge", "Open event streams of the admin API.").value(gauges.listeners);
  text.head("doorward_log_accepting", "gauge", "1 while records can be stored, else 0 and no call is forwarded.")
      .value(gauges.log_accepting ? 1 : 0);
  text.head("doorward_log_failures_total", "counter", "Writes and syncs of the log that failed.")
      .value(gauges.log_failures);
  text.head("doorward_log_records_total", "counter", "Records written since the start.").value(gauges.log_records);
  text.head("doorward_log_lost_total", "counter", "Denials and events that found no room in the journal.")
      .value(gauges.log_lost);
  text.head("process_start_time_seconds", "gauge", "When the gateway started.")
      .seconds(static_cast<std::uint64_t>(gauges.started_us));
  return text.take();
}

}  // namespace doorward::server
