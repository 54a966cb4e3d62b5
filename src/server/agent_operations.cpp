#include "server/agent_operations.h"

#include <string>
#include <utility>

#include "base/clock.h"
#include "identity/subject.h"
#include "json/writer.h"
#include "server/time_text.h"
#include "store/revoked_subjects.h"

namespace doorward::server {
namespace {

struct Named {
  std::string issuer;
  std::string subject;

  std::string key() const {
    return identity::Subject{.issuer = issuer, .subject = subject, .credential = {}, .digest = {}, .claims = {}}.key();
  }
};

Result<Named> take_agent(ControlRequest& request) {
  Named named{request.need_text("issuer"), request.need_text("subject")};
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (named.issuer.empty() || named.subject.empty()) {
    return fail(ErrorKind::invalid, "an agent is an issuer and a subject, as the log has them; neither is empty");
  }
  return named;
}

std::string answer(const Named& named) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.agent/1");
  writer.key("issuer").string(named.issuer).key("subject").string(named.subject).end_object();
  return out;
}

}  // namespace

void add_agent_operations(Operations& operations, store::Store& store, identity::Revocations& revocations,
                          std::function<void()> sweep) {
  const auto change = [&operations](std::string_view event, const identity::Actor& actor, const Named& named) {
    operations.record(event, actor, {{"issuer", std::string_view(named.issuer)}, {"subject", std::string_view(named.subject)}});
    return answer(named);
  };
  operations.add("agent.revoke", {}, [&, change, sweep](ControlRequest& request, const identity::Actor& actor) -> Operations::Json {
    const auto named = take_agent(request);
    if (!named) return std::unexpected(named.error());
    const Status done =
        store::RevokedSubjects(store.database()).add({named->issuer, named->subject, system_clock().wall_us()});
    if (!done) return std::unexpected(done.error());
    revocations.bar(named->key());
    if (sweep) sweep();
    return change("agent.revoked", actor, *named);
  });
  operations.add("agent.restore", {}, [&, change](ControlRequest& request, const identity::Actor& actor) -> Operations::Json {
    const auto named = take_agent(request);
    if (!named) return std::unexpected(named.error());
    const Status done = store::RevokedSubjects(store.database()).remove(named->issuer, named->subject);
    if (!done) return std::unexpected(done.error());
    revocations.drop(named->key());
    return change("agent.restored", actor, *named);
  });
  operations.add("agent.list", identity::Roles::all(), [&](ControlRequest& request, const identity::Actor&) -> Operations::Json {
    if (const Status read = request.finish(); !read) return std::unexpected(read.error());
    const auto all = store::RevokedSubjects(store.database()).all();
    if (!all) return std::unexpected(all.error());
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("schema").string("doorward.agent.list/1").key("revoked").begin_array();
    for (const store::RevokedSubject& one : *all) {
      writer.begin_object().key("issuer").string(one.issuer).key("subject").string(one.subject);
      writer.key("since").string(format_time(one.since_us)).end_object();
    }
    writer.end_array().end_object();
    return out;
  });
}

Status revoke_stored_agents(store::Store& store, identity::Revocations& revocations) {
  const auto all = store::RevokedSubjects(store.database()).all();
  if (!all) return std::unexpected(all.error());
  for (const store::RevokedSubject& one : *all) revocations.bar(Named{one.issuer, one.subject}.key());
  return {};
}

}  // namespace doorward::server
