#include <algorithm>

#include "catalogue/coverage.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kMostRows = 5'000;
constexpr std::size_t kMostLabels = 50;

class Out {
 public:
  Out(json::Writer& out, const Deployment& deployment, const Coverage& coverage)
      : out_(out), deployment_(deployment), coverage_(coverage) {}

  void write(bool tools) {
    out_.begin_object().key("schema").string("doorward.coverage/1").key("sentence").string(coverage_.sentence);
    out_.key("whole").boolean(coverage_.whole).key("decisions").number(coverage_.decisions);
    out_.key("servers").number(deployment_.servers.size()).key("agents").number(deployment_.grants.size());
    out_.key("severities").begin_array();
    for (auto severity = kSeverities.rbegin(); severity != kSeverities.rend(); ++severity) write_count(*severity);
    out_.end_array().key("patterns").begin_array();
    for (const PatternState& state : coverage_.patterns) write_pattern(state);
    out_.end_array();
    if (tools) write_tools();
    out_.end_object();
  }

 private:
  void write_reaches(const std::array<std::size_t, kReaches.size()>& counts) {
    for (const Reach reach : kReaches) {
      std::string key(to_string(reach));
      std::ranges::replace(key, '-', '_');
      out_.key(key).number(counts[static_cast<std::size_t>(reach)]);
    }
  }

  void write_count(Severity severity) {
    const Coverage::Count& count = coverage_.by_severity[static_cast<std::size_t>(severity)];
    out_.begin_object().key("severity").string(doorward::to_string(severity)).key("tools").number(count.tools);
    out_.key("usable").number(count.usable()).key("agents").number(count.agents);
    write_reaches(count.reach);
    out_.key("undecided").number(count.undecided).end_object();
  }

  void write_labels(const std::vector<std::size_t>& grants) {
    out_.key("agents").begin_array();
    for (std::size_t i = 0; i < std::min(grants.size(), kMostLabels); ++i) out_.string(deployment_.grants[grants[i]].label);
    out_.end_array();
    if (grants.size() > kMostLabels) out_.key("agents_left_out").number(grants.size() - kMostLabels);
  }

  void write_policy(const Coverage::Access& access) {
    out_.key("policy").string(access.policy ? access.policy->name() : std::string_view());
    if (access.policy) out_.key("version").number(access.policy->version());
  }

  void write_pattern(const PatternState& state) {
    out_.begin_object().key("id").string(state.pattern->id).key("name").string(state.pattern->name);
    out_.key("state").string(state.state ? to_string(*state.state) : "not-applicable").key("decided").boolean(state.decided);
    out_.key("why").string(state.why).key("rule").string(state.rule).key("mitigation").string(state.pattern->mitigation);
    out_.key("exposed").number(state.exposed);
    out_.key("counts").begin_object();
    write_reaches(state.tools);
    out_.end_object();
    write_labels(state.grants);
    out_.key("tools").begin_array();
    for (const PatternState::Tool& one : state.worst) {
      const Coverage::Access& access = coverage_.accesses[one.access];
      out_.begin_object();
      write_tool(access, one.tool, one.reach);
      out_.key("exposed_because").string(one.why).end_object();
    }
    out_.end_array().key("fixes").begin_array();
    for (const Fix& fix : state.fixes) {
      const Coverage::Access& access = coverage_.accesses[fix.access];
      out_.begin_object().key("server").string(deployment_.servers[access.server].name);
      write_policy(access);
      out_.key("closes").number(fix.closes).key("leaves").number(fix.leaves).key("tools").begin_array();
      for (const std::string& tool : fix.tools) out_.string(tool);
      out_.end_array().key("note").string(fix.note).key("text").string(fix.policy).end_object();
    }
    out_.end_array().end_object();
  }

  void write_tool(const Coverage::Access& access, std::size_t index, Reach shown) {
    const LiveServer& server = deployment_.servers[access.server];
    const LiveTool& tool = server.tools[index];
    const ToolReach& reach = access.tools[index];
    out_.key("server").string(server.name).key("tool").string(tool.record.name);
    out_.key("category").string(doorward::to_string(tool.category));
    out_.key("severity").string(doorward::to_string(tool.record.classification.severity));
    write_policy(access);
    write_labels(access.grants);
    out_.key("state").string(to_string(shown)).key("decided").boolean(reach.decided).key("observed").boolean(reach.observed);
    out_.key("rule").string(reach.rule).key("why").string(reach.why);
    if (!reach.passes.empty()) out_.key("passes").raw(reach.passes);
    if (!reach.stopped.empty()) out_.key("stopped").raw(reach.stopped);
  }

  void write_tools() {
    out_.key("tools").begin_array();
    std::size_t rows = 0;
    for (const Coverage::Access& access : coverage_.accesses) {
      for (std::size_t i = 0; i < access.tools.size(); ++i) {
        if (++rows > kMostRows) continue;
        out_.begin_object();
        write_tool(access, i, access.tools[i].reach);
        out_.end_object();
      }
    }
    out_.end_array();
    if (rows > kMostRows) out_.key("tools_left_out").number(rows - kMostRows);
  }

  json::Writer& out_;
  const Deployment& deployment_;
  const Coverage& coverage_;
};

}  // namespace

void write_coverage(json::Writer& writer, const Deployment& deployment, const Coverage& coverage, bool tools) {
  Out(writer, deployment, coverage).write(tools);
}

}  // namespace doorward::catalogue
