#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/ids.h"
#include "identity/token.h"
#include "json/writer.h"
#include "server/operations.h"
#include "server/owned.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

/// The answer to a new token: the only place where it is ever written.
std::string token_answer(std::string_view token, std::string_view grant_json) {
  std::string out;
  json::Writer(out)
      .begin_object()
      .key("schema")
      .string("doorward.grant.token/1")
      .key("token")
      .string(token)
      .key("grant")
      .raw(grant_json)
      .end_object();
  return out;
}

Error no_policy_of_its_own(const std::string& bundle) {
  return {ErrorKind::invalid, "\"" + bundle + "\" is a bundle, whose members carry policies of their own; name none"};
}

}  // namespace

void Operations::write_grant(json::Writer& writer, const GrantItem& item) const {
  const identity::Grant& grant = *item.grant;
  const bool expired = grant.is_expired(clock_.wall_us() / kSecond);
  writer.begin_object().key("label").string(grant.label).key("id").string(grant.id);
  if (item.number > 0) writer.key("number").number(item.number);
  writer.key("holder").string(!grant.rule ? "token" : grant.rule->issuer.empty() ? "certificate" : "identity");
  if (!grant.rule) writer.key("key_id").string(to_hex(grant.token_hash));
  writer.key("state").string(grant.is_revoked() ? "revoked" : expired ? "expired" : "active");
  writer.key("server")
      .string(grant.server)
      .key("policy")
      .string(grant.policy)
      .key("grant_owner")
      .string(grant.owner);
  writer.key("labels").begin_object();
  for (const auto& [key, value] : grant.labels) writer.key(key).string(value);
  writer.end_object().key("token_hint").string(item.hint).key("version").number(grant.version);
  writer.key("created").string(format_time(grant.created_s * kSecond));
  if (grant.expires_s) writer.key("expires").string(format_time(*grant.expires_s * kSecond));
  writer.key("owner").string(owner_text(item.at)).end_object();
}

Status Operations::may_hand_out(const identity::Actor& actor, std::string_view server_or_bundle) const {
  const auto builtin = [&](std::string_view name) {
    const ServerItem* item = inventory_.server(name);
    return item != nullptr && item->config.builtin;
  };
  const BundleItem* bundle = inventory_.bundle(server_or_bundle);
  const bool reaches =
      bundle == nullptr ? builtin(server_or_bundle)
                        : std::ranges::any_of(bundle->settings->members, [&](const gateway::BundleMember& member) {
                            return builtin(member.server);
                          });
  if (!reaches || !actor.name.starts_with("grant:")) return {};
  return fail(ErrorKind::denied, "an agent cannot have keys to the control plane itself made; a person can, with "
                                 "`doorward grant`");
}

Operations::Json Operations::grant_create(ControlRequest& request, const identity::Actor& actor) {
  store::GrantRow row;
  row.label = request.need_text("label");
  row.server = request.need_text("server");
  row.policy = request.text("policy").value_or("");
  row.owner = request.text("owner").value_or("");
  row.labels = request.texts("labels");
  const auto expires = request.text("expires");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());

  row.created_us = clock_.wall_us();
  if (!store::is_name(row.label)) {
    return fail(
        ErrorKind::invalid,
        "\"" + row.label + "\" is no label for a grant; use 1 to 64 letters, digits, '.', '_' and '-'");
  }
  for (const auto& [key, value] : row.labels) {
    if (!store::is_name(key)) return fail(ErrorKind::invalid, "\"" + key + "\" is no name for a label");
  }
  std::ranges::sort(row.labels);
  if (expires) {
    row.expires_us = parse_future(*expires, row.created_us);
    if (!row.expires_us || *row.expires_us <= row.created_us) {
      return fail(ErrorKind::invalid,
                  "the expiry must be a time to come, such as 2027-01-31T14:00:00Z or 30d");
    }
  }
  if (inventory_.bundle(row.server) != nullptr) {
    if (!row.policy.empty()) {
      return std::unexpected(no_policy_of_its_own(row.server));
    }
  } else if (const auto known = need_server(row.server); !known) {
    return std::unexpected(known.error());
  }
  if (!row.policy.empty()) {
    if (const auto known = need_policy(row.policy, row.server); !known) return std::unexpected(known.error());
  }
  if (const Status may = may_hand_out(actor, row.server); !may) return std::unexpected(may.error());
  if (const GrantItem* twin = inventory_.grant(row.label)) {
    return fail(ErrorKind::conflict, "there is a grant \"" + row.label + "\" already (" +
                                         owner_text(twin->at) +
                                         "); choose another label, or `doorward grant rotate` it");
  }

  std::string token = identity::make_token();
  row.id = make_uuid();
  row.token_hash = identity::hash_token(token);
  row.token_hint = identity::token_hint(token);
  GrantItem item = make_grant(row, revocations_);
  Inventory next = inventory_;
  next.grants.push_back(item);
  if (const Status good = check(next); !good) return std::unexpected(good.error());
  const auto stored = store_.add_grant(row);
  if (!stored) return std::unexpected(stored.error());
  item.number = next.grants.back().number = stored->number;
  if (const Status done = commit(std::move(next)); !done) return std::unexpected(done.error());
  record("grant.created", actor,
         {{"grant", row.id},
          {"label", row.label},
          {"server", row.server},
          {"policy", row.policy},
          {"owner", row.owner},
          {"expires", row.expires_us ? format_time(*row.expires_us) : std::string()}});
  std::string described;
  json::Writer writer(described);
  write_grant(writer, item);
  std::string answer = token_answer(token, described);
  wipe(token);
  return answer;
}

Operations::Json Operations::grant_list(ControlRequest& request, const identity::Actor&) {
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  std::vector<const GrantItem*> items;
  for (const GrantItem& item : inventory_.grants) items.push_back(&item);
  std::ranges::stable_sort(items, {}, [](const GrantItem* item) { return item->grant->label; });
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.grant.list/1").key("grants").begin_array();
  for (const GrantItem* item : items) write_grant(writer, *item);
  writer.end_array().end_object();
  return out;
}

Operations::Json Operations::grant_show(ControlRequest& request, const identity::Actor&) {
  const std::string label = request.need_text("label");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  const auto item = need_grant(label);
  if (!item) return std::unexpected(item.error());
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.grant/1").key("grant");
  write_grant(writer, **item);
  writer.end_object();
  return out;
}

Operations::Json Operations::grant_set(ControlRequest& request, const identity::Actor& actor) {
  const std::string label = request.need_text("label");
  const std::string policy = request.need_text("policy");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  const auto old = need_grant(label);
  if (!old) return std::unexpected(old.error());
  const identity::Grant& before = *(*old)->grant;
  if (auto owned = refuse_owned("grant", before.label, (*old)->at)) return std::unexpected(std::move(*owned));
  if (inventory_.bundle(before.server) != nullptr) return std::unexpected(no_policy_of_its_own(before.server));
  if (!policy.empty()) {
    if (const auto known = need_policy(policy, before.server); !known) return std::unexpected(known.error());
  }
  const std::string id = before.id;
  const std::string policy_before = before.policy;
  GrantItem item = **old;
  if (policy != policy_before) {
    const auto moved = [&](const store::GrantRow& row) {
      item = make_grant(row, revocations_);
      Inventory next = inventory_;
      *std::ranges::find(next.grants, id, [](const GrantItem& each) { return each.grant->id; }) = item;
      return next;
    };
    auto row = store_.grant(id);
    if (!row) return std::unexpected(row.error());
    row->policy = policy;
    if (const Status good = check(moved(*row)); !good) return std::unexpected(good.error());
    row = store_.set_grant_policy(id, policy);
    if (!row) return std::unexpected(row.error());
    if (const Status done = commit(moved(*row)); !done) return std::unexpected(done.error());
    record("grant.policy_changed", actor,
           {{"grant", id},
            {"label", row->label},
            {"server", row->server},
            {"policy", policy},
            {"policy_before", policy_before}});
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.grant.set/1").key("grant");
  write_grant(writer, item);
  writer.key("policy_before").string(policy_before).end_object();
  return out;
}

Operations::Json Operations::grant_rotate(ControlRequest& request, const identity::Actor& actor) {
  const std::string label = request.need_text("label");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  const auto old = need_grant(label);
  if (!old) return std::unexpected(old.error());
  if (auto owned = refuse_owned("grant", (*old)->grant->label, (*old)->at)) return std::unexpected(std::move(*owned));
  if (const Status may = may_hand_out(actor, (*old)->grant->server); !may) return std::unexpected(may.error());
  const std::string id = (*old)->grant->id;

  std::string token = identity::make_token();
  const auto row =
      store_.rotate_grant(id, identity::hash_token(token), identity::token_hint(token), clock_.wall_us());
  if (!row) return std::unexpected(row.error());
  GrantItem item = make_grant(*row, revocations_);
  Inventory next = inventory_;
  std::erase_if(next.grants, [&](const GrantItem& grant) { return grant.grant->id == id; });
  next.grants.push_back(item);
  // The old token dies even if the new world were not taken.
  revocations_.revoke_others(id, row->token_hash);
  if (const Status done = commit(std::move(next)); !done) return std::unexpected(done.error());
  record("grant.rotated", actor, {{"grant", id}, {"label", item.grant->label}});
  std::string described;
  json::Writer writer(described);
  write_grant(writer, item);
  std::string answer = token_answer(token, described);
  wipe(token);
  return answer;
}

Operations::Json Operations::grant_revoke(ControlRequest& request, const identity::Actor& actor) {
  const std::string label = request.need_text("label");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  const auto item = need_grant(label);
  if (!item) return std::unexpected(item.error());
  if (auto owned = refuse_owned("grant", (*item)->grant->label, (*item)->at)) return std::unexpected(std::move(*owned));
  if ((*item)->grant->is_revoked()) {
    return fail(ErrorKind::conflict, "the grant \"" + (*item)->grant->label + "\" is revoked already; nothing is left to do");
  }
  const std::string id = (*item)->grant->id;
  const auto row = store_.revoke_grant(id, clock_.wall_us());
  if (!row) return std::unexpected(row.error());
  // Every table of every worker shares the flag: from here on the token is refused, whatever world a call
  // began under.
  revocations_.revoke(id);
  if (const Status done = commit(inventory_); !done) return std::unexpected(done.error());
  record("grant.revoked", actor, {{"grant", id}, {"label", row->label}});
  const auto revoked = need_grant(id);
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.grant/1").key("grant");
  if (revoked) write_grant(writer, **revoked);
  writer.end_object();
  return out;
}

}  // namespace doorward::server
