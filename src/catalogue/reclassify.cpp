#include "catalogue/reclassify.h"

#include <optional>
#include <set>
#include <vector>

#include "catalogue/labels.h"
#include "risk/category.h"
#include "risk/tool_facts.h"

namespace doorward::catalogue {

Result<Reclassifier::Outcome> Reclassifier::renew(std::int64_t tool) {
  Indexed before;
  std::optional<Override> said;
  bool gone = false;
  {
    auto query = file_.query(
        "SELECT t.server, slug, t.name, d.text, t.category, t.severity, t.signals, t.gone, o.at_us, "
        "o.category, o.severity, "
        "o.reason, o.author, o.at_us FROM tools t JOIN servers s ON s.id = t.server JOIN definitions d ON "
        "d.id = t.definition "
        "LEFT JOIN overrides o ON o.server = t.server AND o.tool = t.name WHERE t.id = ?",
        tool);
    if (!query) return std::unexpected(query.error());
    const auto row = (*query)->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return fail(ErrorKind::not_found, "the tool has left the catalogue");
    const store::Statement& found = **query;
    before = {.id = tool,
              .server = found.number(0),
              .slug = found.text(1),
              .name = found.text(2),
              .definition = found.text(3),
              .category = static_cast<Category>(found.number(4)),
              .severity = static_cast<Severity>(found.number(5)),
              .signals = static_cast<SignalBits>(found.number(6))};
    gone = found.number(7) != 0;
    if (found.optional_number(8)) said = override_at(found, 9);
  }
  const auto root = reader_.read(before.definition);
  if (!root)
    return fail(ErrorKind::corrupt,
                "the catalogue holds a definition that is no JSON: " + root.error().message);
  risk::Classification classification = risk::classify(risk::facts_of(before.slug, *root));
  const std::string reasons = reasons_of(classification);
  if (said) put_in_force(*said, classification);

  Indexed after = before;
  after.category = classification.category;
  after.severity = classification.severity;
  after.signals = bits_of(classification);
  Outcome outcome{.server = before.server};
  outcome.changed = before.category != after.category || before.severity != after.severity;
  outcome.riskier =
      after.severity > before.severity ||
      (after.category != before.category && risk::riskier(after.category, before.category) == after.category);
  outcome.moved = !gone && (outcome.changed || before.signals != after.signals);
  if (outcome.moved) {
    if (const Status done = index_.remove(before); !done) return std::unexpected(done.error());
    if (const Status done = index_.add(after); !done) return std::unexpected(done.error());
  }
  if (const Status done = file_.run(
          "UPDATE tools SET category = ?, severity = ?, confidence = ?, signals = ?, rules = ? WHERE id = ?",
          static_cast<int>(after.category), static_cast<int>(after.severity), classification.confidence,
          after.signals, risk::rules_version(), tool);
      !done) {
    return std::unexpected(done.error());
  }
  if (const Status done =
          file_.run("UPDATE reasons SET text = ?1 WHERE tool = ?2 AND text <> ?1", reasons, tool);
      !done) {
    return std::unexpected(done.error());
  }
  return outcome;
}

Status Reclassifier::classify(std::int64_t tool) {
  const auto outcome = renew(tool);
  if (!outcome) return std::unexpected(outcome.error());
  return outcome->moved ? index_.renew_server(outcome->server) : Status();
}

Result<Reclassified> Reclassifier::run(std::size_t most) {
  std::vector<std::int64_t> tools;
  {
    // Two ranges, so that the index is used.
    auto query = file_.query(
        "SELECT id FROM tools WHERE rules < ?1 UNION ALL SELECT id FROM tools WHERE rules > ?1 LIMIT ?2",
        risk::rules_version(), most);
    if (!query) return std::unexpected(query.error());
    for (;;) {
      const auto row = (*query)->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      tools.push_back((*query)->number(0));
    }
  }
  Reclassified done;
  std::set<std::int64_t> servers;
  for (const std::int64_t tool : tools) {
    const auto outcome = renew(tool);
    if (!outcome) return std::unexpected(outcome.error());
    ++done.looked_at;
    if (outcome->changed) ++done.changed;
    if (outcome->riskier) ++done.riskier;
    if (outcome->moved) servers.insert(outcome->server);
  }
  for (const std::int64_t server : servers) {
    if (const Status renewed = index_.renew_server(server); !renewed) return std::unexpected(renewed.error());
  }
  const auto left = file_.number(
      "SELECT (SELECT count(*) FROM tools WHERE rules < ?1) + (SELECT count(*) FROM tools WHERE rules > ?1)",
      risk::rules_version());
  if (!left) return std::unexpected(left.error());
  done.left = static_cast<std::size_t>(**left);
  return done;
}

}  // namespace doorward::catalogue
