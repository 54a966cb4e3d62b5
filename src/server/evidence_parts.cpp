#include "server/evidence_parts.h"

#include <algorithm>
#include <charconv>

#include "json/writer.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

std::string first_part(std::string_view writer) {
  return std::string(writer.substr(0, writer.rfind('-')));
}

}  // namespace

void Timeline::add(const audit::RecordView& record) {
  const std::string_view event = record.text("event");
  // The writer of a command is no gateway: it says nothing of when calls were judged.
  if (first_part(record.writer) != "command") {
    if (event == "writer.start") {
      runs_.push_back({std::string(record.writer), record.epoch, std::string(record.text("version")), record.time_us,
                       record.time_us, false});
    }
    for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
      if (run->writer != record.writer || run->epoch != record.epoch) continue;
      run->to_us = std::max(run->to_us, record.time_us);
      run->ended = run->ended || event == "writer.stop";
      break;
    }
  }
  if (event == "policy.loaded") load(record);
  if (event == "policy.removed") {
    const auto found = current_.find({std::string(record.text("server")), std::string(record.text("policy"))});
    if (found != current_.end()) in_force_[found->second].to_us = record.time_us;
  }
  const bool disturbs = event == "records.lost" || event == "log.resumed" || event == "clock_step" ||
                        event == "segments.removed" || event.starts_with("anchor.");
  if (disturbs && record.time_us >= from_us_) disturbances_.emplace_back(record.line);
}

void Timeline::load(const audit::RecordView& record) {
  InForce next;
  next.server = record.text("server");
  next.policy = record.text("policy");
  next.sha256 = record.text("sha256");
  next.mode = record.text("mode");
  next.from_us = record.time_us;
  if (const json::Value version = record.root.find("version"); version.is(json::Type::number))
    std::from_chars(version.number().data(), version.number().data() + version.number().size(), next.version);
  const auto key = std::pair(next.server, next.policy);
  const auto found = current_.find(key);
  if (found != current_.end()) {
    InForce& old = in_force_[found->second];
    if (old.sha256 == next.sha256 && old.to_us == 0) return;
    if (old.to_us == 0) old.to_us = record.time_us;
  }
  current_[key] = in_force_.size();
  in_force_.push_back(std::move(next));
}

std::vector<std::string> Timeline::policies() const {
  std::vector<std::string> hashes;
  for (const InForce& item : in_force_) {
    if (of_period(item.from_us, item.to_us)) hashes.push_back(item.sha256);
  }
  return hashes;
}

std::string Timeline::json() const {
  std::string out;
  json::Writer writer(out, json::Escape::ascii);
  const auto span = [&](std::int64_t from, std::int64_t to) {
    writer.key("from").string(format_time(from)).key("to").string(to == 0 ? "" : format_time(to));
  };
  writer.begin_object().key("schema").string("doorward.evidence.control-state/1");
  span(from_us_, to_us_);
  std::vector<Run> runs = runs_;
  std::ranges::sort(runs, {}, &Run::from_us);
  writer.key("states").begin_array();
  std::int64_t known = from_us_;
  bool told = true;  // the run before ended in order
  const auto down = [&](std::int64_t until) {
    if (until <= known) return;
    writer.begin_object().key("state").string(told ? "down" : "not known: up without a record, or killed");
    span(known, until);
    writer.end_object();
  };
  for (const Run& run : runs) {
    if (!of_period(run.from_us, run.to_us)) continue;
    down(run.from_us);
    const auto observed = std::ranges::any_of(in_force_, [&](const InForce& item) {
      return item.mode == "observe" && item.from_us <= run.to_us && (item.to_us == 0 || item.to_us >= run.from_us);
    });
    writer.begin_object().key("state").string(observed ? "up, some policies observe only" : "up, enforcing");
    span(run.from_us, run.to_us);
    writer.key("writer").string(run.writer).key("epoch").number(run.epoch).key("version").string(run.version);
    writer.key("end").string(run.ended ? "in order" : "not told: running still, or killed").end_object();
    known = std::max(known, run.to_us);
    told = run.ended;
  }
  down(to_us_);
  writer.end_array().key("policies").begin_array();
  for (const InForce& item : in_force_) {
    if (!of_period(item.from_us, item.to_us)) continue;
    writer.begin_object().key("server").string(item.server).key("policy").string(item.policy);
    writer.key("mode").string(item.mode).key("sha256").string(item.sha256);
    span(item.from_us, item.to_us);
    writer.end_object();
  }
  writer.end_array().key("disturbances").begin_array();
  for (const std::string& line : disturbances_) writer.raw(line);
  writer.end_array().end_object();
  return out + "\n";
}

std::string Timeline::policies_json(const std::map<std::string, std::uint64_t>& used) const {
  std::string out;
  json::Writer writer(out, json::Escape::ascii);
  writer.begin_object().key("schema").string("doorward.evidence.policies/1").key("in_force").begin_array();
  for (const InForce& item : in_force_) {
    if (!of_period(item.from_us, item.to_us)) continue;
    writer.begin_object().key("server").string(item.server).key("policy").string(item.policy);
    writer.key("version").number(item.version).key("sha256").string(item.sha256).key("mode").string(item.mode);
    writer.key("from").string(format_time(item.from_us));
    writer.key("to").string(item.to_us == 0 ? "" : format_time(item.to_us)).end_object();
  }
  writer.end_array().key("records_by_sha256").begin_object();
  for (const auto& [sha, count] : used) writer.key(sha).number(count);
  writer.end_object().end_object();
  return out + "\n";
}

std::string evidence_readme(const EvidenceOptions& options, const EvidenceReport& report) {
  const auto count = [&](const char* what) {
    const auto found = report.counts.find(what);
    return std::to_string(found == report.counts.end() ? 0 : found->second);
  };
  return "# Evidence of a Doorward gateway\n\nPeriod: " + format_time(options.from_us) + " to " +
         format_time(options.to_us) + " (not included), UTC. Made " + format_time(options.now_us) + " by Doorward " +
         std::string(DOORWARD_VERSION) + ".\n\n" + "| Of the period | Count |\n|---|---|\n| records | " +
         std::to_string(report.records) + " |\n| calls let through | " + count("calls") + " |\n| calls refused | " +
         count("denied") + " |\n| records about approvals | " + count("approvals") + " |\n| changes | " +
         count("changes") + " |\n| logins, reads, exports, verifications | " + count("access") +
         " |\n| records that say that others were lost | " + count("records_lost") + " |\n\n" +
         "A zero means that the log was read and holds none.\n\n" +
         (report.verified ? "When this was made, the log within it was whole.\n"
                          : "WHEN THIS WAS MADE, THE LOG WITHIN IT WAS NOT WHOLE: " + report.first_bad + "\n") +
         R"(
## Files

| File | What |
|---|---|
| `log/` | the records themselves, whole segments around the period, with their signed checkpoints |
| `records.csv` | the period's records as a table |
| `approvals.jsonl`, `changes.jsonl`, `access.jsonl` | records by subject, byte for byte as in `log/` |
| `policies.json`, `policies/<sha256>.json` | which policy was in force when, and its text; a hash without a file: the text was not kept |
| `control-state.json` | when the gateway was up, down, enforcing, observing; losses and steps of the clock |
| `grants.json`, `people.json` | who could act and who could decide, when this was made |
| `proofs/` | for a sample of calls: each record's inclusion proof |
| `summary.json`, `manifest.json`, `SHA256SUMS` | counts, and the hash of every file |
| `verify_audit.py` | a verifier of under 200 lines; read it first |

## How to verify, offline

Python 3.9 or newer; nothing else.

    sha256sum -c SHA256SUMS
    python3 verify_audit.py --key audit.pub --window log
    for proof in proofs/*.json; do python3 verify_audit.py --key audit.pub --proof "$proof"; done

1. The public key in `audit.pub` must be the one that you were given by another way than this archive.
2. If checkpoints were taken outside the gateway (to a file, a server, a syslog), fetch them from there and give them:
   `--checkpoint FILE`. They must be of sizes that `log/` covers. Only they exclude that the whole log was replaced by
   somebody who had the machine and the key.
3. `--window` says that the records are those of a period: what came before the first is vouched for by a checkpoint.
4. In `log/` the numbers of each writer's epoch have no gap. Restarts begin a new epoch, which names the end of the one before.

What it does not show: what an agent did without the gateway, and what stands in arguments that were not stored.
)";
}

}  // namespace doorward::server
