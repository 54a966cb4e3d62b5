#include "risk/category.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "risk/actions.h"
#include "risk/reading.h"
#include "risk/vocabulary.h"
#include "risk/words.h"

namespace doorward::risk {
namespace {

int risk_of(Category category) {
  constexpr std::array<int, 6> kRisks = {1, 2, 3, 4, 5, 0};  // in the order of the enumeration
  return kRisks[static_cast<std::size_t>(category)];
}

bool riskier_than(Category a, Category b) {
  return risk_of(a) > risk_of(b);
}

/// The words of a parameter's name joined as rules spell them.
std::string rule_word(const Words& words) {
  std::string joined;
  for (std::size_t i = 0; i < words.size(); ++i) joined += (i == 0 ? "" : "_") + std::string(words[i]);
  return joined;
}

/// In how many places the tool speaks of money, at most two counted: words that may mean it do where it does.
int money_places(const ToolReading& tool) {
  const auto count = [](const Words& words, std::size_t most) {
    int hits = 0;
    for (std::size_t i = 0; i < std::min(words.size(), most); ++i)
      hits += is_noun(words[i], Noun::context) ? 1 : 0;
    return hits;
  };
  int hits = count(Words::of_name(tool.facts.server), 8) + count(tool.name, 8) +
             std::min(count(tool.description, 60), 2);
  for (std::size_t i = 0; i < tool.parameter_words.size() && hits < 2; ++i)
    hits += count(tool.parameter_words[i].name, 6) > 0 ? 1 : 0;
  return std::min(hits, 2);
}

class Judge {
 public:
  explicit Judge(const ToolReading& tool) : tool_(tool), money_(money_places(tool)) {}

  CategoryVerdict judge() {
    name_ = read_name(tool_.facts.name, tool_.name, money_);
    text_ = read_description(tool_.facts.description, tool_.description, money_);
    begin_with_verb_of_description();
    weigh_name_and_head();
    weigh_phrases();
    weigh_schema();
    weigh_harmless();
    weigh_annotations();
    return finish();
  }

 private:
  bool is(Category category) const { return verdict_.category == category; }

  void decide(const Reading& reading) {
    verdict_.category = reading.category;
    decided_ = true;
    weight_ = reading.weight;
    verdict_.evidence.insert(verdict_.evidence.begin(), reading.evidence);
  }
  void note(const Reading& reading) { verdict_.evidence.push_back(reading.evidence); }

  /// `upload_file_to_view`, `clear_run`: a first word that is as often a noun is the verb where the description
  /// begins with it, too.
  void begin_with_verb_of_description() {
    if (!name_ || !text_.head) return;
    const VerbHit first = find_verb(tool_.name[0]);
    if (!first || first.form != VerbForm::base || first.row->use != Use::noun) return;
    if (text_.head->evidence.rule != "verb." + std::string(first.row->word)) return;
    if (!riskier_than(first.row->category, name_->category)) return;
    name_->category = first.row->category;
    name_->weight = Weight::strong;
    name_->evidence = {EvidenceSource::name, text_.head->evidence.rule, "/name",
                       std::string(tool_.facts.name.substr(tool_.name.begin_of(0), tool_.name[0].size())),
                       std::string(doorward::to_string(name_->category))};
  }

  void weigh_name_and_head() {
    if (name_ && text_.head) {
      const Category by_name = name_->category;
      const Category by_text = text_.head->category;
      if (by_name == by_text) {
        decide(*text_.head);
        decide(*name_);
        agree_ = true;
      } else if (text_decides(by_name, by_text)) {
        decide(*name_);
        decide(*text_.head);
        conflict_ = true;
      } else {
        decide(*name_);
        note(*text_.head);
        conflict_ = true;
      }
    } else if (name_) {
      decide(*name_);
    } else if (text_.head) {
      decide(*text_.head);
    }
  }

  bool text_decides(Category by_name, Category by_text) const {
    const bool riskier = riskier_than(by_text, by_name);
    if (name_->weight == Weight::weak) {
      // A query is run, but only what it is written in tells whether it can do more than read.
      const bool runs = by_name == Category::read && by_text == Category::execute;
      if (runs && asks_by_query() && (text_.harmless || text_.head->evidence.rule.starts_with("verb.")))
        return false;
      // A word that is as often a noun: what the description says explains it, but for words of harm.
      const bool harms = by_name == Category::destructive || by_name == Category::financial;
      return riskier || !harms || (!find_verb(tool_.name[0]) && !says_little(*text_.head));
    }
    // `get_deploy` behind a prefix: two verbs, of which the description knows the right one.
    if (name_->otherwise == by_text && text_.head->weight == Weight::strong) return true;
    if (!riskier || text_.head->weight != Weight::strong) return false;
    switch (by_name) {
      case Category::read:
        // `debugger_inspect`, which runs code: of a verb that does not begin the name.
        return by_text != Category::execute ||
               (name_->weight == Weight::fair && text_.head->evidence.rule == "together.code");
      case Category::write:
        return text_.head->evidence.rule != "together.commitment";
      default:
        return true;
    }
  }

  void weigh_phrases() {
    if (text_.phrase) {
      if (riskier_than(text_.phrase->category, verdict_.category) && !reads_firmly() && !only_asks())
        raise(*text_.phrase);
      else
        note(*text_.phrase);
    }
    if (text_.warning) {
      if (riskier_than(text_.warning->category, verdict_.category) && !is(Category::read) && !creates())
        raise(*text_.warning);
      else
        note(*text_.warning);
    }
  }

  void weigh_harmless() {
    if (text_.harmless) {
      if (!decided_)
        decide(*text_.harmless);
      else
        note(*text_.harmless);
    }
  }

  void raise(const Reading& reading) {
    if (decided_) conflict_ = true;
    decide(reading);
  }

  Reading of_schema(Category category, std::string rule, const Parameter& parameter,
                    std::string_view words) const {
    return {category,
            Weight::fair,
            {EvidenceSource::schema, std::move(rule), pointer_of(tool_.facts, parameter),
             std::string(cut_at_character(words)), std::string(doorward::to_string(category))}};
  }

  void weigh_schema() {
    if (const auto action = action_parameter(tool_)) weigh_actions(tool_.parameters.list[*action]);
    for (std::size_t i = 0; i < tool_.parameters.list.size(); ++i) {
      const Parameter& parameter = tool_.parameters.list[i];
      if (parameter.parent >= 0) continue;
      const std::string name = rule_word(tool_.parameter_words[i].name);
      if (reads_firmly() || !parameter.types.may_be_text()) continue;
      const auto row =
          std::ranges::find(doorward::risk::parameters(), std::string_view(name), &ParameterRow::name);
      if (row == doorward::risk::parameters().end() || parameter.choices) continue;
      if (!riskier_than(row->category, verdict_.category)) continue;
      const bool open = !decided_ || (!row->alone && weight_ == Weight::weak);
      if (open && !only_asks())
        raise(of_schema(row->category, "parameter." + std::string(row->name), parameter, parameter.name));
    }
  }

  /// A tool that hides others behind an argument: the riskiest of them that are named, Execute at least where
  /// one changes something or none is named.
  void weigh_actions(const Parameter& parameter) {
    Category worst = Category::other;
    std::string_view words = parameter.name;
    for (const json::Value choice : parameter.choices.elements()) {
      if (!choice.is(json::Type::string)) continue;
      const auto said = read_name(choice.string(), Words::of_name(choice.string(), 64), 0);
      if (!said || !riskier_than(said->category, worst)) continue;
      worst = said->category;
      words = choice.string();
    }
    if (worst == Category::write || worst == Category::other) worst = Category::execute;
    const Reading reading = of_schema(worst, "schema.action", parameter, words);
    const bool vague = !decided_ || weight_ == Weight::weak;
    if (riskier_than(worst, verdict_.category) ? !reads_firmly() : vague && worst == Category::read)
      raise(reading);
    else
      note(reading);
  }

  /// `Perform git clean operations`: the verb is light.
  static bool says_little(const Reading& head) {
    const std::string_view rule = head.evidence.rule;
    return rule.starts_with("verb.") && find_verb(rule.substr(5)) && find_verb(rule.substr(5)).row->use == Use::light;
  }

  /// Whether the name says by a verb that the tool reads.
  bool reads_firmly() const {
    return name_ && name_->weight != Weight::weak && name_->category == Category::read;
  }
  /// A query that its author limits to reading. Of a tool that says nothing else the limit would be a way to
  /// hide.
  bool only_asks() const { return text_.harmless && name_ && asks_by_query(); }
  bool asks_by_query() const { return name_->evidence.rule == "verb.query"; }
  /// What a creator warns of (`cannot be recovered later`) is what it returns.
  bool creates() const {
    constexpr std::array<std::string_view, 4> kCreating = {"verb.create", "verb.add", "verb.generate",
                                                           "verb.issue"};
    return name_ && std::ranges::find(kCreating, name_->evidence.rule) != kCreating.end();
  }

  bool hint(std::string_view key, bool truth) const {
    const json::Value value = tool_.facts.annotations.find(key);
    return value.is(json::Type::boolean) && value.boolean() == truth;
  }
  Reading of_annotation(Category category, std::string_view key, std::string_view value) const {
    return {category,
            Weight::fair,
            {EvidenceSource::annotation, "annotation." + std::string(key) + "." + std::string(value),
             "/annotations/" + std::string(key), std::string(key) + ": " + std::string(value),
             std::string(doorward::to_string(category))}};
  }

  void weigh_annotations() {
    if (hint("readOnlyHint", false))
      take_annotation(Category::write, "readOnlyHint", "false",
                      riskier_than(Category::write, verdict_.category));
    // Authors mark whole servers as destructive: the hint alone decides only where nothing else does, and
    // beside a warning it does not stand alone.
    if (hint("destructiveHint", true)) {
      const bool counts = riskier_than(Category::destructive, verdict_.category);
      take_annotation(Category::destructive, "destructiveHint", "true",
                      counts && (!decided_ || text_.warning));
    }
    if (hint("readOnlyHint", true)) {
      take_annotation(Category::read, "readOnlyHint", "true", !decided_);
      if (!is(Category::read)) conflict_ = true;
    }
  }

  void take_annotation(Category category, std::string_view key, std::string_view value, bool decides) {
    const Reading reading = of_annotation(category, key, value);
    if (decides)
      raise(reading);
    else
      note(reading);
  }

  CategoryVerdict finish() {
    int confidence = 20;
    if (decided_) {
      constexpr std::array<int, 3> kByWeight = {55, 75, 85};
      confidence = kByWeight[static_cast<std::size_t>(weight_)];
      if (agree_) confidence += 10;
      if (conflict_) confidence -= 20;
      if (tool_.facts.description.empty()) confidence -= 15;
    }
    verdict_.confidence = std::clamp(confidence, 5, 99);
    return std::move(verdict_);
  }

  const ToolReading& tool_;
  int money_;
  std::optional<Reading> name_;
  TextReading text_;
  CategoryVerdict verdict_;
  Weight weight_ = Weight::weak;
  bool decided_ = false;
  bool agree_ = false;
  bool conflict_ = false;
};

}  // namespace

Category riskier(Category a, Category b) {
  return risk_of(a) >= risk_of(b) ? a : b;
}

std::string_view cut_at_character(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

CategoryVerdict category_of(const ToolReading& tool) {
  return Judge(tool).judge();
}

Category category_of_name(std::string_view name) {
  ToolFacts tool;
  tool.name = name;
  return category_of(ToolReading(tool)).category;
}

}  // namespace doorward::risk
