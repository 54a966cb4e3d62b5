#include "server/approval_operations.h"

#include <utility>

#include "base/clock.h"
#include "base/encoding.h"
#include "json/writer.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

using identity::Actor;
using identity::Role;
using store::ApprovalRow;
using store::ApprovalState;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kLongestPage = 200;
/// Uses shown of an approval for every identical call; all are in the log.
constexpr std::size_t kMostUses = 100;

bool may_see_arguments(const Actor& actor) {
  return actor.roles.intersects({Role::approver, Role::auditor, Role::admin});
}

void write_row(json::Writer& writer, const ApprovalRow& row) {
  const std::int64_t left_us = row.closed_us ? 0 : row.until_us - system_clock().wall_us();
  writer.key("id").string(row.id).key("state").string(to_string(row.state)).key("open").boolean(!row.closed_us);
  writer.key("server").string(row.server).key("tool").string(row.tool).key("category").string(row.category);
  writer.key("grant").string(row.grant_label).key("grant_id").string(row.grant).key("grant_owner").string(row.owner);
  writer.key("identity").string(row.identity).key("client").string(row.client);
  writer.key("policy").string(row.policy).key("policy_version").number(row.policy_version);
  writer.key("policy_sha256").string(row.policy_sha256).key("rule").string(row.rule);
  writer.key("pointer").string(row.pointer).key("note").string(row.note);
  writer.key("definition").string(to_hex(row.definition)).key("args_digest").string(row.digest);
  writer.key("groups").raw(row.groups);
  writer.key("decision").string(row.decision).key("asked").number(row.asked);
  writer.key("created").string(format_time(row.created_us)).key("expires").string(format_time(row.until_us));
  writer.key("left_s").number(std::max<std::int64_t>(left_us, 0) / kSecond).key("repeats").boolean(row.repeats);
  if (row.decided_us) {
    writer.key("decided").string(format_time(*row.decided_us)).key("decided_by").string(row.decided_by);
    writer.key("reason").string(row.reason);
  }
}

std::string write_details(const approval::Details& details) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.approval/1").key("approval").begin_object();
  write_row(writer, details.request);
  writer.key("agreed").begin_array();
  for (const store::ApprovalVote& vote : details.votes) {
    writer.begin_object().key("actor").string(vote.actor).key("at").string(format_time(vote.at_us));
    writer.key("groups").raw(vote.groups);
    if (vote.for_s) writer.key("for_s").number(*vote.for_s);
    writer.end_object();
  }
  writer.end_array().key("used").number(details.uses.size()).key("uses").begin_array();
  const std::size_t skipped = details.uses.size() - std::min(details.uses.size(), kMostUses);
  for (std::size_t i = skipped; i < details.uses.size(); ++i) {
    const store::ApprovalUse& use = details.uses[i];
    writer.begin_object().key("decision").string(use.decision).key("at").string(format_time(use.at_us)).end_object();
  }
  writer.end_array();
  if (details.arguments) writer.key("arguments").raw(*details.arguments).key("shown").string(details.shown);
  writer.end_object().end_object();
  return out;
}

Operations::Json list(approval::Desk& desk, ControlRequest& request, const Actor&) {
  store::ApprovalFilter filter;
  const std::string state = request.text("state").value_or("open");
  filter.grant = request.text("grant").value_or("");
  filter.before = request.text("before").value_or("");
  const std::int64_t limit = request.number("limit").value_or(100);
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  filter.state = store::parse_approval_state(state);
  if (!filter.state && state != "open" && state != "all") {
    return fail(ErrorKind::invalid,
                "\"state\" must be open, all, pending, approved, denied, used, expired or cancelled");
  }
  if (limit < 1 || limit > kLongestPage) {
    return fail(ErrorKind::invalid, "\"limit\" must be 1 to " + std::to_string(kLongestPage));
  }
  filter.open_only = state == "open";
  filter.limit = static_cast<std::size_t>(limit) + 1;
  auto rows = desk.list(filter);
  if (!rows) return std::unexpected(rows.error());
  const bool more = rows->size() == filter.limit;
  if (more) rows->pop_back();
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.approval.list/1").key("approvals").begin_array();
  for (const ApprovalRow& row : *rows) {
    writer.begin_object();
    write_row(writer, row);
    writer.end_object();
  }
  writer.end_array();
  if (more) writer.key("before").string(rows->back().id);
  writer.end_object();
  return out;
}

Operations::Json show(approval::Desk& desk, ControlRequest& request, const Actor& actor) {
  const std::string id = request.need_text("id");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  const auto details = desk.show(id, may_see_arguments(actor));
  if (!details) return std::unexpected(details.error());
  return write_details(*details);
}

Operations::Json decide(approval::Desk& desk, bool approve, ControlRequest& request, const Actor& actor) {
  const std::string id = request.need_text("id");
  approval::Choice choice;
  choice.approve = approve;
  choice.reason = request.text("reason").value_or("");
  if (approve) choice.for_s = request.number("for_s");
  choice.shown = request.text("shown").value_or("");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  const auto details = desk.decide(id, actor, choice);
  if (!details) return std::unexpected(details.error());
  return write_details(*details);
}

}  // namespace

void add_approval_operations(Operations& operations, approval::Desk& desk) {
  operations.add("approval.list", identity::Roles::all(), std::bind_front(list, std::ref(desk)));
  operations.add("approval.show", identity::Roles::all(), std::bind_front(show, std::ref(desk)));
  operations.add("approval.approve", {Role::approver}, std::bind_front(decide, std::ref(desk), true));
  operations.add("approval.deny", {Role::approver}, std::bind_front(decide, std::ref(desk), false));
}

}  // namespace doorward::server
