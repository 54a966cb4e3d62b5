#include "approval/request.h"

#include <charconv>

#include "base/encoding.h"
#include "json/reader.h"
#include "json/writer.h"

namespace doorward::approval {
namespace {

void add(Sha256& hash, std::string_view text) {
  const std::uint64_t size = text.size();
  std::uint8_t length[8];
  for (int i = 0; i < 8; ++i) length[i] = static_cast<std::uint8_t>(size >> (8 * i));
  hash.update(std::span<const std::uint8_t>(length)).update(text);
}

}  // namespace

Digest Binding::digest() const {
  Sha256 hash;
  for (const std::string* text : {&grant, &identity, &server, &tool}) add(hash, *text);
  hash.update(std::span<const std::uint8_t>(definition));
  for (const std::string* text : {&arguments, &policy, &policy_sha256, &rule}) add(hash, *text);
  add(hash, std::to_string(policy_version));
  return hash.finish();
}

std::string to_json(std::span<const Group> groups) {
  std::string out;
  json::Writer writer(out);
  writer.begin_array();
  for (const Group& group : groups) {
    writer.begin_object().key("approvers").begin_array();
    for (const std::string& name : group.approvers) writer.string(name);
    writer.end_array().key("approvals").number(group.approvals);
    writer.key("self_confirm").boolean(group.self_confirm).end_object();
  }
  writer.end_array();
  return out;
}

Result<std::vector<Group>> parse_groups(std::string_view text) {
  const auto corrupt = [] {
    return fail(ErrorKind::corrupt, "the groups of a stored approval request cannot be read; deny it and ask anew");
  };
  json::Reader reader;
  const auto root = reader.read(text);
  if (!root || !root->is(json::Type::array)) return corrupt();
  std::vector<Group> groups;
  for (const json::Value value : root->elements()) {
    const json::Value approvers = value.find("approvers");
    const json::Value approvals = value.find("approvals");
    const json::Value self_confirm = value.find("self_confirm");
    if (!approvers.is(json::Type::array) || !approvals.is(json::Type::number) ||
        !self_confirm.is(json::Type::boolean)) {
      return corrupt();
    }
    Group group;
    for (const json::Value name : approvers.elements()) {
      if (!name.is(json::Type::string)) return corrupt();
      group.approvers.emplace_back(name.string());
    }
    const std::string_view digits = approvals.number();
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), group.approvals);
    if (error != std::errc() || end != digits.data() + digits.size() || group.approvals == 0) return corrupt();
    group.self_confirm = self_confirm.boolean();
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace doorward::approval
