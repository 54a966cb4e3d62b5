#include <algorithm>
#include <iterator>
#include <utility>

#include "base/encoding.h"
#include "base/text.h"
#include "json/writer.h"
#include "server/operations.h"
#include "server/owned.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

constexpr std::size_t kReasonBytes = 1000;

}  // namespace

void Operations::write_policy(json::Writer& writer, const PolicyItem& item) const {
  writer.begin_object().key("name").string(item.name).key("server").string(item.server);
  writer.key("version").number(item.policy->version()).key("sha256").string(item.policy->sha256());
  writer.key("mode").string(item.policy->mode() == policy::Mode::observe ? "observe" : "enforce");
  writer.key("description")
      .string(item.policy->description())
      .key("owner")
      .string(owner_text(item.at))
      .end_object();
}

Operations::Json Operations::put_policy(const store::PolicyRow& row, std::string_view event,
                                        const identity::Actor& actor, std::vector<audit::EventRecord::Field> more) {
  const auto version = store_.current_policy(row.server, row.name);
  if (!version) return std::unexpected(version.error());
  Findings warnings;
  auto item = make_policy({}, row.server, row.name, static_cast<std::uint64_t>(version->version),
                          version->text, row.name, warnings, FailingTest::warning);
  if (!item)
    return fail(ErrorKind::corrupt, "the stored policy \"" + row.name + "\" is no longer valid; add it anew");
  Inventory next = inventory_;
  std::erase_if(next.policies,
                [&](const PolicyItem& old) { return old.server == row.server && old.name == row.name; });
  next.policies.push_back(*item);
  const PolicyItem* before = inventory_.policy(row.server, row.name);
  const std::string before_digest = before == nullptr ? std::string() : std::string(before->policy->sha256());
  if (const Status done = commit(std::move(next)); !done) return std::unexpected(done.error());
  std::vector<audit::EventRecord::Field> fields = {{"server", row.server},
                                                   {"policy", row.name},
                                                   {"version", static_cast<std::int64_t>(item->policy->version())},
                                                   {"sha256", item->policy->sha256()},
                                                   {"sha256_before", before_digest}};
  std::ranges::move(more, std::back_inserter(fields));
  record(event, actor, std::move(fields));
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.policy/1").key("policy");
  write_policy(writer, *item);
  writer.key("warnings").begin_array();
  for (const Finding& warning : warnings) writer.string(warning.text());
  writer.end_array().end_object();
  return out;
}

Result<std::size_t> Operations::check_new_policy(const store::NewPolicy& policy, const std::string& file, Findings& findings,
                                                 std::string_view over_failing_tests) const {
  if (!store::is_name(policy.name)) {
    return fail(ErrorKind::invalid,
                "\"" + policy.name + "\" is no name for a policy; use 1 to 64 letters, digits, '.', '_' and '-'");
  }
  if (const auto known = need_server(policy.server); !known) return std::unexpected(known.error());
  if (const PolicyItem* twin = inventory_.policy(policy.server, policy.name)) {
    if (auto owned = refuse_owned("policy", policy.name, twin->at)) return std::unexpected(std::move(*owned));
  }
  Findings warnings;
  const auto item = make_policy({}, policy.server, policy.name, 1, policy.text, file, warnings);
  if (item) return 0;
  const std::size_t wrong = item.error().size();
  if (!make_policy({}, policy.server, policy.name, 1, policy.text, file, warnings, FailingTest::warning)) {
    findings = item.error();
    return fail(ErrorKind::invalid, "the document is not valid; nothing was changed");
  }
  if (!over_failing_tests.empty()) return wrong;
  findings = item.error();
  return fail(ErrorKind::invalid, plural_of(wrong, "test") + " of the document " + (wrong == 1 ? "fails" : "fail") +
                                      "; nothing was changed. Mend the rule or the test, or say with `over_failing_tests` why it is "
                                      "published all the same");
}

Result<std::vector<PolicyItem>> Operations::put_policies(std::span<const store::NewPolicy> policies,
                                                         const std::string& comment, const identity::Actor& actor) {
  const auto rows = store_.put_policies(policies, actor.name, comment, clock_.wall_us());
  if (!rows) return std::unexpected(rows.error());
  Inventory next = inventory_;
  std::vector<PolicyItem> items;
  std::vector<std::string> before;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const store::PolicyRow& row = (*rows)[i];
    Findings warnings;
    auto item = make_policy({}, row.server, row.name, static_cast<std::uint64_t>(row.current), policies[i].text, row.name, warnings,
                            FailingTest::warning);
    if (!item) return fail(ErrorKind::corrupt, "the stored policy \"" + row.name + "\" is no longer valid; add it anew");
    const PolicyItem* old = inventory_.policy(row.server, row.name);
    before.emplace_back(old == nullptr ? std::string_view() : old->policy->sha256());
    std::erase_if(next.policies,
                  [&](const PolicyItem& each) { return each.server == row.server && each.name == row.name; });
    next.policies.push_back(*item);
    items.push_back(std::move(*item));
  }
  if (const Status done = commit(std::move(next)); !done) return std::unexpected(done.error());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (before[i] == items[i].policy->sha256()) continue;
    record("policy.added", actor,
           {{"server", items[i].server},
            {"policy", items[i].name},
            {"version", static_cast<std::int64_t>(items[i].policy->version())},
            {"sha256", items[i].policy->sha256()},
            {"sha256_before", before[i]}});
  }
  return items;
}

Operations::Json Operations::policy_add(ControlRequest& request, const identity::Actor& actor) {
  const std::string name = request.need_text("name");
  const std::string server = request.need_text("server");
  const std::string text = request.need_text("text");
  const std::string file = request.text("file").value_or(name);
  std::string comment = request.text("comment").value_or("");
  const std::string reason(trim(request.text("over_failing_tests").value_or("")));
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (reason.size() > kReasonBytes) return fail(ErrorKind::invalid, "\"over_failing_tests\" must be a reason of at most 1000 bytes");
  const auto failing = check_new_policy({server, name, text}, file, findings_, reason);
  if (!failing) return std::unexpected(failing.error());
  std::vector<audit::EventRecord::Field> more;
  if (*failing > 0) {
    // Where people read what was in force, they read this, too.
    comment += (comment.empty() ? "" : " ") + ("(published over " + plural_of(*failing, "failing test")) + ": " + reason + ")";
    more = {{"failing_tests", static_cast<std::int64_t>(*failing)}, {"reason", std::string_view(reason)}};
  }
  const auto row = store_.put_policy(server, name, text, actor.name, comment, clock_.wall_us());
  if (!row) return std::unexpected(row.error());
  return put_policy(*row, "policy.added", actor, std::move(more));
}

Operations::Json Operations::policy_list(ControlRequest& request, const identity::Actor&) {
  const auto server = request.text("server");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  std::vector<const PolicyItem*> items;
  for (const PolicyItem& item : inventory_.policies) {
    if (!server || item.server == *server) items.push_back(&item);
  }
  std::ranges::sort(items, {}, [](const PolicyItem* item) { return std::pair(item->server, item->name); });
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.policy.list/1").key("policies").begin_array();
  for (const PolicyItem* item : items) write_policy(writer, *item);
  writer.end_array().end_object();
  return out;
}

Operations::Json Operations::policy_show(ControlRequest& request, const identity::Actor&) {
  const std::string name = request.need_text("name");
  const auto server = request.text("server");
  const auto number = request.number("version");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  const auto item = need_policy(name, server);
  if (!item) return std::unexpected(item.error());
  std::string text((*item)->policy->text());
  std::vector<store::PolicyVersion> versions;
  if ((*item)->at.file.empty()) {
    auto stored = store_.policy_versions((*item)->server, name);
    if (!stored) return std::unexpected(stored.error());
    versions = std::move(*stored);
  }
  if (number) {
    const auto found = std::ranges::find(versions, *number, &store::PolicyVersion::version);
    if (found == versions.end()) {
      return fail(ErrorKind::not_found, "the policy \"" + name + "\" has no version " +
                                            std::to_string(*number) + "; `doorward policy show " + name +
                                            " --json` lists them");
    }
    text = found->text;
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.policy/1").key("policy");
  write_policy(writer, **item);
  writer.key("versions").begin_array();
  for (const store::PolicyVersion& version : versions) {
    writer.begin_object()
        .key("version")
        .number(version.version)
        .key("sha256")
        .string(
            to_hex({reinterpret_cast<const std::uint8_t*>(version.sha256.data()), version.sha256.size()}));
    writer.key("author").string(version.author).key("comment").string(version.comment);
    writer.key("created").string(format_time(version.created_us)).end_object();
  }
  writer.end_array().key("text").string(text).end_object();
  return out;
}

Operations::Json Operations::policy_remove(ControlRequest& request, const identity::Actor& actor) {
  const std::string name = request.need_text("name");
  const auto server_name = request.text("server");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  const auto item = need_policy(name, server_name);
  if (!item) return std::unexpected(item.error());
  if (auto owned = refuse_owned("policy", name, (*item)->at)) return std::unexpected(std::move(*owned));
  const std::string server = (*item)->server;
  const std::string digest((*item)->policy->sha256());
  for (const GrantItem& grant : inventory_.grants) {
    if (grant.grant->server != server || grant.grant->policy != name || grant.grant->is_revoked()) continue;
    return fail(ErrorKind::conflict, "the grant \"" + grant.grant->label + "\" carries this policy (" +
                                         owner_text(grant.at) + "); revoke the grant first");
  }
  if (const BundleItem* bundle = inventory_.bundle_with(server, name)) {
    return fail(ErrorKind::conflict, "the bundle \"" + bundle->settings->name +
                                         "\" gives its member this policy (" + owner_text(bundle->at) +
                                         "); change the bundle first");
  }
  if (const Status removed = store_.remove_policy(server, name); !removed)
    return std::unexpected(removed.error());
  Inventory next = inventory_;
  std::erase_if(next.policies,
                [&](const PolicyItem& old) { return old.server == server && old.name == name; });
  if (const Status done = commit(std::move(next)); !done) return std::unexpected(done.error());
  record("policy.removed", actor, {{"server", server}, {"policy", name}, {"sha256_before", digest}});
  std::string out;
  json::Writer(out)
      .begin_object()
      .key("schema")
      .string("doorward.policy.remove/1")
      .key("name")
      .string(name)
      .end_object();
  return out;
}

Operations::Json Operations::policy_revert(ControlRequest& request, const identity::Actor& actor) {
  const std::string name = request.need_text("name");
  const auto server = request.text("server");
  const auto number = request.number("version");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (!number) return fail(ErrorKind::invalid, "policy.revert needs \"version\"");
  const auto item = need_policy(name, server);
  if (!item) return std::unexpected(item.error());
  if (auto owned = refuse_owned("policy", name, (*item)->at)) return std::unexpected(std::move(*owned));
  const auto old = store_.policy_version((*item)->server, name, *number);
  if (!old) return std::unexpected(old.error());
  // An old text may have become invalid under a newer program. A test that fails does not keep people from the way back.
  Findings warnings;
  if (auto valid = make_policy({}, (*item)->server, name, 1, old->text, name, warnings, FailingTest::warning); !valid) {
    findings_ = std::move(valid.error());
    return fail(ErrorKind::invalid,
                "version " + std::to_string(*number) + " is not valid; nothing was changed");
  }
  const auto row = store_.revert_policy((*item)->server, name, *number, actor.name, clock_.wall_us());
  if (!row) return std::unexpected(row.error());
  return put_policy(*row, "policy.reverted", actor);
}

}  // namespace doorward::server
