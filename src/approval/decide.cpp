#include <algorithm>
#include <set>
#include <utility>

#include "approval/desk.h"
#include "base/encoding.h"
#include "identity/person.h"
#include "json/reader.h"
#include "json/writer.h"

namespace doorward::approval {
namespace {

using identity::Actor;
using identity::Role;
using store::ApprovalRow;
using store::ApprovalState;
using store::ApprovalVote;

constexpr std::int64_t kSecond = 1'000'000;

bool is_local(const Actor& actor) {
  return actor.name.starts_with("uid:");
}

/// Whether the agent that asks acts for this person.
bool is_requester(const Actor& actor, const ApprovalRow& row) {
  return identity::same_person(actor, row.owner) || identity::same_person(actor, row.identity);
}

/// The indices of the groups that an actor may speak for. The user of this machine, who could as well edit the policy,
/// counts as a member of all.
std::vector<std::size_t> groups_of(const Actor& actor, const ApprovalRow& row, const std::vector<Group>& groups) {
  const bool requester = is_requester(actor, row);
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Group& group = groups[i];
    if (requester && !group.self_confirm) continue;
    const bool named = std::ranges::any_of(group.approvers,
                                           [&](const std::string& name) { return identity::is_named(actor, name); });
    if (group.approvers.empty() || named || requester || is_local(actor)) indices.push_back(i);
  }
  return indices;
}

/// An agent's credential never decides, whatever roles it was given (attack case T303).
Status check_actor(const Actor& actor) {
  if (actor.name.starts_with("grant:") || actor.name == "system") {
    return fail(ErrorKind::denied, "an approval is a person's: " + actor.name + " is an agent's credential");
  }
  if (!actor.roles.intersects({Role::approver, Role::admin})) {
    return fail(ErrorKind::denied, actor.name + " has not the role approver; an admin can give it");
  }
  return {};
}

Status check_choice(const Choice& choice) {
  if (choice.reason.size() > Desk::kLongestReason) {
    return fail(ErrorKind::invalid,
                "the reason is longer than " + std::to_string(Desk::kLongestReason) + " bytes; say it in fewer words");
  }
  if (!choice.for_s) return {};
  if (!choice.approve) return fail(ErrorKind::invalid, "a denial stands until the request would have expired; leave the duration out");
  if (*choice.for_s < 1 || *choice.for_s > Desk::kLongestFor_s) {
    return fail(ErrorKind::invalid, "identical calls can be approved for 1 second to 24 hours");
  }
  return {};
}

std::vector<std::string> read_texts(std::string_view text) {
  std::vector<std::string> texts;
  json::Reader reader;
  if (const auto root = reader.read(text)) {
    for (const json::Value value : root->elements()) {
      if (value.is(json::Type::string)) texts.emplace_back(value.string());
    }
  }
  return texts;
}

std::string write_texts(const std::vector<std::string>& texts) {
  std::string out;
  json::Writer writer(out);
  writer.begin_array();
  for (const std::string& text : texts) writer.string(text);
  writer.end_array();
  return out;
}

bool same_person(const Actor& actor, const ApprovalVote& vote) {
  if (identity::same_person(actor, vote.actor)) return true;
  const std::vector<std::string> also = read_texts(vote.also);
  return std::ranges::any_of(also, [&](const std::string& name) { return identity::same_person(actor, name); });
}

/// Whether every group has as many voices as it wants; votes are of different people.
bool is_enough(const std::vector<Group>& groups, const std::vector<ApprovalVote>& votes) {
  std::vector<unsigned> voices(groups.size());
  for (const ApprovalVote& vote : votes) {
    for (const std::string& index : read_texts(vote.groups)) {
      for (std::size_t i = 0; i < groups.size(); ++i) voices[i] += index == std::to_string(i) ? 1 : 0;
    }
  }
  return !groups.empty() &&
         std::ranges::equal(voices, groups, [](unsigned has, const Group& group) { return has >= group.approvals; });
}

std::string names_of(const std::vector<ApprovalVote>& votes) {
  std::string names;
  for (const ApprovalVote& vote : votes) names += (names.empty() ? "" : ", ") + vote.actor;
  return names;
}

}  // namespace

Result<ApprovalRow> Desk::find(std::string_view id) {
  auto row = store_.find(id);
  if (!row) return std::unexpected(row.error());
  if (*row) return std::move(**row);
  if (id.size() >= kShortestPrefix && id.starts_with("apr_")) {
    auto rows = store_.find_prefix(id);
    if (!rows) return std::unexpected(rows.error());
    if (rows->size() == 1) return std::move(rows->front());
    if (rows->size() > 1) {
      return fail(ErrorKind::conflict, "several requests begin with \"" + std::string(id) + "\"; give more of the id");
    }
  }
  return fail(ErrorKind::not_found, "there is no approval request \"" + std::string(id) +
                                        "\"; `doorward approvals list --all` shows them");
}

Result<std::vector<ApprovalRow>> Desk::list(const store::ApprovalFilter& filter) {
  if (Status settled = settle_due(); !settled) return std::unexpected(settled.error());
  auto rows = store_.list(filter);
  if (!rows) return rows;
  for (ApprovalRow& row : *rows) to_wall(row);
  return rows;
}

Result<Details> Desk::show(std::string_view id, bool arguments) {
  if (Status settled = settle_due(); !settled) return std::unexpected(settled.error());
  auto row = find(id);
  if (!row) return std::unexpected(row.error());
  return details(std::move(*row), arguments);
}

Result<Details> Desk::details(ApprovalRow row, bool arguments) {
  Details details;
  auto groups = parse_groups(row.groups);
  if (!groups) return std::unexpected(groups.error());
  details.groups = std::move(*groups);
  auto votes = store_.votes(row.id);
  if (!votes) return std::unexpected(votes.error());
  details.votes = std::move(*votes);
  auto uses = store_.uses(row.id);
  if (!uses) return std::unexpected(uses.error());
  details.uses = std::move(*uses);
  for (ApprovalVote& vote : details.votes) vote.at_us = clock_.wall_us(vote.at_us);
  for (store::ApprovalUse& use : details.uses) use.at_us = clock_.wall_us(use.at_us);
  if (arguments) {
    const auto sealed = store_.arguments(row.id);
    if (!sealed) return std::unexpected(sealed.error());
    if (*sealed) {
      details.arguments = sealer_.open(**sealed, "approval " + row.id, 0);
      if (!details.arguments) {
        return fail(ErrorKind::corrupt, "the arguments of " + row.id +
                                            " cannot be opened: the file or the sealing key was changed; deny it");
      }
    }
  }
  details.request = std::move(row);
  details.shown = display_digest(details);
  to_wall(details.request);
  return details;
}

std::string Desk::display_digest(const Details& details) const {
  if (!details.arguments) return {};
  HmacSha256 digest(display_key_);
  const ApprovalRow& row = details.request;
  digest.update("doorward approval 1\n").update(row.id).update("\n").update(to_hex(row.binding)).update("\n");
  digest.update(write_texts({row.grant_label, row.owner, row.client, row.category, row.note, row.groups}));
  digest.update("\n").update(*details.arguments);
  return to_hex(digest.finish());
}

Result<Details> Desk::decide(std::string_view id, const Actor& actor, const Choice& choice) {
  if (Status good = check_actor(actor); !good) return std::unexpected(good.error());
  if (Status good = check_choice(choice); !good) return std::unexpected(good.error());
  auto shown = show(id, true);
  if (!shown) return shown;
  auto found = store_.find(shown->request.id);
  if (!found) return std::unexpected(found.error());
  ApprovalRow row = std::move(**found);

  const std::vector<std::size_t> mine = groups_of(actor, row, shown->groups);
  const bool requester = is_requester(actor, row);
  if (mine.empty() && choice.approve && requester) {
    return fail(ErrorKind::denied, "this is a call of " + actor.name + "'s own agent, which somebody else must approve");
  }
  if (mine.empty() && !requester) {
    return fail(ErrorKind::denied, actor.name + " is in none of the groups that this request asks");
  }
  const bool withdraws = !choice.approve && row.state == ApprovalState::approved;
  if (row.closed_us || (row.state != ApprovalState::pending && !withdraws)) {
    return fail(ErrorKind::conflict, row.id + " is " + std::string(to_string(row.state)) +
                                         (row.decided_by.empty() ? "" : " by " + row.decided_by) +
                                         "; nothing is left to decide");
  }
  if (!choice.shown.empty() && choice.shown != shown->shown) {
    return fail(ErrorKind::conflict, "what was shown is not what is asked; look at the request again");
  }
  if (choice.approve && !shown->arguments) {
    return fail(ErrorKind::corrupt, "the arguments of " + row.id + " are gone, so nobody can approve them; deny it");
  }
  std::vector<ApprovalVote> votes = shown->votes;
  if (choice.approve && std::ranges::any_of(votes, [&](const ApprovalVote& vote) { return same_person(actor, vote); })) {
    return fail(ErrorKind::conflict, actor.name + " has approved it already; somebody else must, too");
  }

  const std::int64_t now = clock_.now_us();
  const Status done = change([&]() -> Status {
    const auto unrecorded = [] {
      return fail(ErrorKind::unavailable, "the log cannot store the decision, so it was not made; try again later");
    };
    Fields fields = {{"actor", actor.name}, {"shown", choice.shown}, {"reason", choice.reason}};
    if (!actor.address.empty()) fields.push_back({"address", actor.address});
    if (!choice.approve) {
      if (!record("approval.denied", row, std::move(fields))) return unrecorded();
      row.state = ApprovalState::denied;
      row.decided_us = now;
      row.decided_by = actor.name;
      row.reason = choice.reason;
      if (Status saved = store_.save(row); !saved) return saved;
      tell("approval.decided", row);
      return {};
    }
    std::vector<std::string> spoken;
    for (const std::size_t index : mine) spoken.push_back(std::to_string(index));
    ApprovalVote vote{row.id, actor.name, write_texts(spoken), write_texts(actor.also), choice.for_s, choice.shown, now};
    votes.push_back(vote);
    const bool enough = is_enough(shown->groups, votes);
    if (choice.for_s) fields.push_back({"for_s", *choice.for_s});
    if (!record(enough ? "approval.approved" : "approval.agreed", row, std::move(fields))) return unrecorded();
    if (Status added = store_.add_vote(vote); !added) return added;
    if (!enough) return {};
    row.state = ApprovalState::approved;
    row.decided_us = now;
    row.decided_by = names_of(votes);
    row.reason = choice.reason;
    // Repeated use is what every one of them must have meant.
    row.repeats = std::ranges::all_of(votes, [](const ApprovalVote& each) { return each.for_s.has_value(); });
    row.until_us = now + row.lifetime_us;
    if (row.repeats) {
      const auto shortest = std::ranges::min_element(votes, {}, [](const ApprovalVote& each) { return *each.for_s; });
      row.until_us = now + *shortest->for_s * kSecond;
    }
    if (Status saved = store_.save(row); !saved) return saved;
    tell("approval.decided", row);
    return {};
  });
  if (!done) return std::unexpected(done.error());
  auto after = store_.find(row.id);
  if (!after) return std::unexpected(after.error());
  return details(std::move(**after), true);
}

}  // namespace doorward::approval
