#include "server/upstream_account_operations.h"

#include <optional>
#include <string>
#include <utility>

#include "json/writer.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

struct Target {
  std::string server;
  std::string owner;  ///< id of a grant, or empty
};

/// The account that a request names by `server` and, where each grant has its own, `grant` (label or id).
Result<Target> take_target(ControlRequest& request, const Operations& operations, const UpstreamAccounts& accounts) {
  Target target{request.need_text("server"), {}};
  const std::optional<std::string> label = request.text("grant");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  const std::optional<bool> per_grant = accounts.per_grant(target.server);
  if (!per_grant) {
    const bool known = operations.inventory().server(target.server) != nullptr;
    return fail(ErrorKind::not_found, known ? "server \"" + target.server + "\" wants no account: it has no \"oauth\""
                                            : "there is no server \"" + target.server +
                                                  "\"; `doorward server list` shows them");
  }
  if (*per_grant != label.has_value()) {
    return fail(ErrorKind::invalid, *per_grant ? "each grant has an account of its own at this server; add --grant LABEL"
                                               : "all grants share one account at this server; leave --grant out");
  }
  if (!label) return target;
  for (const GrantItem& item : operations.inventory().grants) {
    if (item.grant->is_revoked() || (item.grant->label != *label && item.grant->id != *label)) continue;
    target.owner = item.grant->id;
    return target;
  }
  return fail(ErrorKind::not_found, "there is no grant \"" + *label + "\"; `doorward grant list` shows them");
}

std::string label_of(const Operations& operations, const std::string& owner) {
  for (const GrantItem& item : operations.inventory().grants) {
    if (item.grant->id == owner) return item.grant->label;
  }
  return {};
}

void write_view(json::Writer& writer, const UpstreamAccounts::View& view, const Operations& operations) {
  writer.begin_object().key("server").string(view.server);
  if (!view.owner.empty()) {
    writer.key("grant").string(label_of(operations, view.owner)).key("grant_id").string(view.owner);
  }
  writer.key("type").string(view.client_credentials ? "client_credentials" : "authorization_code");
  writer.key("state").string(view.state);
  if (!view.problem.empty()) writer.key("problem").string(view.problem);
  if (view.connected_us != 0) {
    writer.key("issuer").string(view.issuer).key("scope").string(view.scope).key("connected_by").string(view.actor);
    writer.key("connected_at").string(format_time(view.connected_us)).key("renewable").boolean(view.renewable);
    if (view.expires_us != 0) writer.key("token_expires_at").string(format_time(view.expires_us));
  }
  writer.end_object();
}

}  // namespace

void add_upstream_account_operations(Operations& operations, UpstreamAccounts& accounts) {
  operations.add("upstream_account.list", identity::Roles::all(),
                 [&](ControlRequest& request, const identity::Actor&) -> Operations::Json {
                   if (const Status read = request.finish(); !read) return std::unexpected(read.error());
                   std::string out;
                   json::Writer writer(out);
                   writer.begin_object().key("schema").string("doorward.upstream_account.list/1");
                   writer.key("accounts").begin_array();
                   for (const UpstreamAccounts::View& view : accounts.views()) write_view(writer, view, operations);
                   writer.end_array().end_object();
                   return out;
                 });
  operations.add_late("upstream_account.connect", {},
                      [&](ControlRequest& request, const identity::Actor& actor, Operations::Reply reply) {
                        auto target = take_target(request, operations, accounts);
                        if (!target) return reply(std::unexpected(target.error()));
                        accounts.connect(target->server, target->owner, actor.name,
                                         [reply = std::move(reply)](Result<UpstreamAccounts::Begun> begun) mutable {
                                           if (!begun) return reply(std::unexpected(begun.error()));
                                           std::string out;
                                           json::Writer writer(out);
                                           writer.begin_object().key("schema").string(
                                               "doorward.upstream_account.connect/1");
                                           writer.key("connected").boolean(begun->connected);
                                           if (!begun->connected) {
                                             writer.key("url").string(begun->url);
                                             writer.key("redirect").string(begun->redirect);
                                           }
                                           writer.end_object();
                                           reply(out);
                                         });
                      });
  operations.add("upstream_account.disconnect", {},
                 [&](ControlRequest& request, const identity::Actor&) -> Operations::Json {
                   auto target = take_target(request, operations, accounts);
                   if (!target) return std::unexpected(target.error());
                   const auto removed = accounts.disconnect(target->server, target->owner);
                   if (!removed) return std::unexpected(removed.error());
                   if (!*removed) return fail(ErrorKind::not_found, "no account is connected");
                   return std::string(R"({"schema":"doorward.upstream_account.disconnect/1"})");
                 });
}

}  // namespace doorward::server
