#include "json/writer.h"
#include "policy/describe.h"
#include "policy/explain.h"

namespace doorward::policy {
namespace {

/// The five words of the pages (console.md 4.1).
std::string_view headline(const Explanation& e) {
  switch (e.decision) {
    case Verdict::allow:
      return "Allowed";
    case Verdict::hide:
      return e.enforced ? "Hidden" : "Would hide";
    case Verdict::approve:
      return e.enforced ? "Needs approval" : "Would need approval";
    case Verdict::deny:
      break;
  }
  const bool limited = e.code == Code::rate_limited || e.code == Code::budget_exceeded;
  if (!e.enforced) return limited ? "Would limit" : "Would deny";
  return limited ? "Rate-limited" : "Denied";
}

std::string_view mark(std::string_view result, bool refused) {
  if (result == "ok") return "  \xE2\x9C\x93 ";
  if (result == "decided") return refused ? "  \xE2\x9C\x95 " : "  \xE2\x9C\x93 ";
  return "  \xC2\xB7 ";
}

}  // namespace

void write_members(json::Writer& w, const Explanation& e) {
  w.key("schema").string("doorward.explanation/1");
  w.key("id").string(e.id).key("time").string(e.time);
  w.key("decision").string(to_string(e.decision)).key("word").string(word_of(e)).key("enforced").boolean(e.enforced);
  w.key("code").string(to_string(e.code)).key("summary").string(e.summary);
  w.key("subject").begin_object();
  w.key("grant").string(e.grant).key("owner").string(e.owner).key("client").string(e.client).end_object();
  w.key("call").begin_object().key("server").string(e.server).key("tool").string(e.tool);
  w.key("args_sha256").string(e.args_digest).key("args_state").string(e.args_state);
  if (!e.args.empty()) w.key("args_redacted").raw(e.args);
  w.end_object();
  w.key("policy").begin_object();
  w.key("name").string(e.policy_name).key("version").number(e.policy_version);
  w.key("sha256").string(e.policy_sha256).key("origin").string(e.policy_origin).end_object();
  w.key("rule").string(e.rule).key("pointer").string(e.pointer);
  w.key("line").number(e.line).key("note").string(e.note);
  w.key("evidence").begin_array();
  for (const Evidence& item : e.evidence) {
    w.begin_object()
        .key("path")
        .string(item.path)
        .key("op")
        .string(item.op)
        .key("expected")
        .raw(item.expected);
    w.key("actual").string(item.actual).key("result").string(item.result).end_object();
  }
  w.end_array();
  w.key("trace").begin_array();
  for (const Step& step : e.trace) {
    w.begin_object().key("step").string(step.step).key("result").string(step.result);
    w.key("pointer").string(step.pointer).key("line").number(step.line).end_object();
  }
  w.end_array();
  w.key("effects")
      .begin_object()
      .key("forwarded")
      .boolean(e.forwarded)
      .key("quota")
      .string(e.quota);
  if (!e.result.empty()) w.key("result").string(e.result);
  w.end_object();
  w.key("remedy").begin_object().key("retry").string(e.remedy.retry).key("after_s").number(e.remedy.after_s);
  w.key("changes").begin_array();
  for (const std::string& change : e.remedy.changes) w.string(change);
  w.end_array().key("ask").string(e.remedy.ask).end_object();
  w.key("told_agent").string(e.told_agent);
  if (!e.approval.empty()) w.key("approval").string(e.approval);
}

std::string to_json(const Explanation& explanation) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  write_members(writer, explanation);
  writer.end_object();
  return out;
}

std::string to_text(const Explanation& e) {
  const bool refused = e.decision != Verdict::allow;
  const std::string_view dot = " \xC2\xB7 ";
  std::string out(refused ? "\xE2\x9C\x95 " : "\xE2\x9C\x93 ");
  out += headline(e);
  out += dot;
  if (!e.server.empty()) out += plain(e.server) + ".";
  out += plain(e.tool);
  if (!e.grant.empty()) {
    out += dot;
    out += plain(e.grant);
    if (!e.owner.empty()) out += " (" + plain(e.owner) + ")";
  }
  if (!e.time.empty()) {
    out += dot;
    out += plain(e.time);
  }
  out += "\n" + e.summary + "\n";
  if (!e.note.empty()) out += "The policy's author says: " + plain(e.note, 2'000) + "\n";
  out += e.forwarded ? "The call goes to the server." : "The call did not reach the server.";
  out += " Quota: " + e.quota + ".\n";
  for (const Step& step : e.trace) {
    out += mark(step.result, refused);
    out += step.step;
    if (step.result == "not evaluated") out += ": not evaluated";
    if (step.line != 0) out += "   line " + std::to_string(step.line);
    out += "\n";
  }
  if (!e.rule.empty()) out += "Rule: " + plain(e.rule, 400) + "\n";
  if (!e.remedy.changes.empty()) {
    out += "What would change it: ";
    for (std::size_t i = 0; i < e.remedy.changes.size(); ++i)
      out += (i == 0 ? "" : " | ") + e.remedy.changes[i];
    out += "\n";
  }
  if (!e.remedy.ask.empty()) out += "Who could approve it: " + plain(e.remedy.ask, 200) + "\n";
  if (e.remedy.after_s > 0) out += "Retry after " + std::to_string(e.remedy.after_s) + " seconds.\n";
  if (!e.told_agent.empty()) out += "Told the agent: \"" + e.told_agent + "\"\n";
  return out;
}

}  // namespace doorward::policy
