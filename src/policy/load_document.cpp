#include <algorithm>
#include <tuple>
#include <utility>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/suggest.h"
#include "json/pointer.h"
#include "policy/dialect.h"
#include "policy/glob.h"
#include "policy/lint.h"
#include "policy/loader.h"
#include "policy/locate.h"
#include "policy/selftest.h"

namespace doorward::policy {
namespace {

using json::Type;
using json::Value;

constexpr std::array<std::string_view, 14> kDocumentFields = {
    "version", "default",  "hide",      "all_tools", "tools", "risk",        "mode",
    "detail",  "timezone", "resources", "prompts",   "tests", "description", "$schema"};

constexpr json::Limits kReading{.bytes = 16u << 20, .depth = 64, .nodes = 4u << 20, .refuse_proto = false};

void place(Findings& findings, std::string_view text) {
  std::ranges::sort(findings, {}, [](const Finding& finding) {
    return std::tie(finding.begin, finding.end, finding.pointer, finding.message);
  });
  for (Finding& finding : findings) {
    const json::Position position = json::position_of(text, finding.begin);
    finding.line = position.line;
    finding.column = position.column;
  }
}

Finding unreadable(const json::ReadError& error, std::string_view text) {
  Finding finding;
  finding.code = error.code == json::ReadCode::duplicate_member ? "duplicate-member"
                 : error.code == json::ReadCode::number_range   ? "number-range"
                                                                : "not-json";
  finding.message = error.message;
  if (error.code == json::ReadCode::duplicate_member) finding.message += "; keep one of the two";
  if (error.code == json::ReadCode::syntax) finding.message += "; the document must be one JSON object";
  finding.pointer = pointer_at(text, error.offset);
  finding.begin = std::min(error.offset, text.size());
  finding.end = std::min(error.offset + 1, text.size());
  return finding;
}

}  // namespace

const Rule* Loader::rule(std::string text, const At& at, Value value, std::string note) {
  return program_.add_rule(
      {std::move(text), at.pointer, std::move(note), value.begin_offset(), value.end_offset()});
}

void Loader::head(Value root, const At& at) {
  if (const Value version = check_.required(root, at, "version")) {
    if (check_.is(version, Type::string, at / "version") && version.string() != "1") {
      check_.error("unknown-version", version, at / "version", "this is written for language version \"1\"",
                   "1", "\"1\"");
    }
  }
  if (const Value description = root.find("description"); description) {
    if (check_.is(description, Type::string, at / "description"))
      program_.description = std::string(description.string());
  }
  if (const Value schema = root.find("$schema"); schema) check_.is(schema, Type::string, at / "$schema");
  if (const auto mode = check_.word(root.find("mode"), at / "mode", {"enforce", "observe"})) {
    program_.mode = *mode == 0 ? Mode::enforce : Mode::observe;
  }
  if (const auto detail = check_.word(root.find("detail"), at / "detail", {"full", "reason", "minimal"})) {
    program_.detail = static_cast<Detail>(*detail);
  }
  if (const Value zone = root.find("timezone"); zone && check_.is(zone, Type::string, at / "timezone")) {
    if (const auto found = TimeZone::find(zone.string())) {
      program_.zone = *found;
    } else {
      check_.error("unknown-timezone", zone, at / "timezone", found.error().message);
    }
  }
  if (const Value fallback_value = check_.required(root, at, "default")) {
    program_.default_verdict = fallback(fallback_value, at / "default");
    program_.default_rule = rule("(default deny)", at / "default", fallback_value);
  }
}

Default Loader::fallback(Value value, const At& at) {
  return check_.word(value, at, {"allow", "deny"}).value_or(1) == 0 ? Default::allow : Default::deny;
}

void Loader::hide(Value list, const At& at, HideList& into) {
  if (!list || !check_.is(list, Type::array, at)) return;
  std::size_t index = 0;
  for (Value name : list.elements()) {
    const At here = at / index++;
    if (check_.is(name, Type::string, here)) into.add(name.string(), rule("(hidden)", here, name));
  }
}

void Loader::section(Value value, const At& at, const std::string& name, std::unique_ptr<Section>& into) {
  if (!value || !check_.object(value, at, {"default", "hide", "deny_if", "require", "limits"})) return;
  into = std::make_unique<Section>();
  into->default_verdict = program_.default_verdict;
  into->default_rule = program_.default_rule;
  if (const Value own = value.find("default")) {
    into->default_verdict = fallback(own, at / "default");
    into->default_rule = rule("(default deny)", at / "default", own);
  }
  hide(value.find("hide"), at / "hide", into->hide);
  const std::string prefix = "/" + name;
  into->block.title = name;
  into->block.begin = value.begin_offset();
  into->block.end = value.end_offset();
  entries(value.find("deny_if"), at / "deny_if", prefix, Place::deny_if, into->block.deny_if);
  entries(value.find("require"), at / "require", prefix, Place::require, into->block.require);
  limits(value.find("limits"), at / "limits", prefix, into->block);
}

void Loader::document() {
  const At at;
  const Value root = program_.root;
  if (!check_.object(root, at, kDocumentFields)) return;
  // A condition takes seven nodes at least, so the list never grows and entries can refer into it.
  program_.conditions.reserve(root.node()->skip / 7);
  head(root, at);
  hide(root.find("hide"), at / "hide", program_.hide);

  if (const Value tools = root.find("tools"); tools && check_.is(tools, Type::object, at / "tools")) {
    for (json::Member member : tools.members()) {
      Block compiled;
      compiled.key = std::string(member.key.string());
      compiled.title = "tools." + compiled.key;
      block(member.value, at / "tools" / compiled.key, "/tools/" + compiled.key, true, compiled);
      if (is_glob(compiled.key)) {
        program_.globs.push_back(std::move(compiled));
      } else {
        std::string key = compiled.key;
        program_.exact.emplace(std::move(key), std::move(compiled));
      }
    }
    std::ranges::sort(program_.globs, {}, &Block::key);
  }
  if (const Value risk = root.find("risk"); risk) {
    std::array<std::string_view, kCategories.size()> names;
    std::ranges::transform(kCategories, names.begin(), [](Category c) { return to_string(c); });
    if (check_.object(risk, at / "risk", names)) {
      for (json::Member member : risk.members()) {
        const auto category = parse_category(member.key.string());
        if (!category) continue;
        auto& into = program_.risk[static_cast<std::size_t>(*category)];
        into = std::make_unique<Block>();
        into->key = std::string(member.key.string());
        into->title = "risk." + into->key;
        block(member.value, at / "risk" / into->key, "/risk/" + into->key, true, *into);
      }
    }
  }
  if (const Value all = root.find("all_tools"); all) {
    program_.all_tools = std::make_unique<Block>();
    program_.all_tools->title = "all_tools";
    block(all, at / "all_tools", "/all_tools", false, *program_.all_tools);
  }
  section(root.find("resources"), at / "resources", "resources", program_.resources);
  section(root.find("prompts"), at / "prompts", "prompts", program_.prompts);
  tests(root.find("tests"), at / "tests");
  agreement();
}

std::expected<Loaded, Findings> load(std::string_view text, Origin origin) {
  Findings findings;
  auto program = std::make_unique<Policy::Program>();
  program->text = std::string(text);
  program->name = std::move(origin.name);
  program->version = origin.version;
  auto root = program->reader.read(program->text, kReading);
  if (!root) {
    findings.push_back(unreadable(root.error(), text));
    place(findings, text);
    return std::unexpected(std::move(findings));
  }
  program->root = *root;
  const Digest digest = sha256(program->text);
  program->sha256 = to_hex(digest);

  Checker checker(program->text, findings);
  if (is_older_dialect(program->root)) {
    checker.error("older-dialect", program->root, {},
                  "this is the older dialect (rules, rate_limit: 5/hour, state); `doorward policy import` "
                  "translates it");
  } else {
    Loader(*program, checker).document();
  }
  if (checker.failed()) {
    place(findings, text);
    return std::unexpected(std::move(findings));
  }
  auto policy = std::make_shared<const Policy>(std::move(program));
  lint(*policy, checker);
  run_tests(*policy, origin, checker);
  place(findings, text);
  if (checker.failed()) return std::unexpected(std::move(findings));
  return Loaded{std::move(policy), std::move(findings)};
}

Policy::Policy(std::unique_ptr<Program> program) : program_(std::move(program)) {}
Policy::~Policy() = default;
std::string_view Policy::name() const {
  return program_->name;
}
std::uint64_t Policy::version() const {
  return program_->version;
}
std::string_view Policy::sha256() const {
  return program_->sha256;
}
std::string_view Policy::text() const {
  return program_->text;
}
std::string_view Policy::description() const {
  return program_->description;
}
Default Policy::default_verdict() const {
  return program_->default_verdict;
}
Mode Policy::mode() const {
  return program_->mode;
}
Detail Policy::detail() const {
  return program_->detail;
}
std::string_view Policy::time_zone_name() const {
  return program_->zone->name();
}
const TimeZone& Policy::time_zone() const {
  return *program_->zone;
}
bool Policy::asks_people() const {
  return !program_->approvals.empty();
}
std::span<const Limit> Policy::limits() const {
  return program_->limits;
}

}  // namespace doorward::policy
