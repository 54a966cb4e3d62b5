#include "json/writer.h"
#include "policy/explain.h"

namespace doorward::policy {

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

}  // namespace doorward::policy
