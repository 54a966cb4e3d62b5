#include "risk/signals.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "json/pointer.h"
#include "risk/actions.h"
#include "risk/evidence.h"
#include "risk/phrase.h"

namespace doorward::risk {
namespace {

constexpr std::size_t kManyParameters = 10;
/// How far into the description of a parameter a phrase says what the parameter is, in words.
constexpr std::size_t kExplains = 14;
constexpr std::size_t kNegationReach = 4;

constexpr std::array kOtherRules = {
    OtherRule{"secret.bare-token", Signal::handles_secrets},
    OtherRule{"secret.format", Signal::handles_secrets},
    OtherRule{"url.format", Signal::accepts_url},
    OtherRule{"url.host-and-port", Signal::accepts_url},
    OtherRule{"path.bare", Signal::accepts_path},
    OtherRule{"code.query-of-database", Signal::accepts_code},
    OtherRule{"private.database", Signal::private_data},
    OtherRule{"parameters.ten", Signal::many_parameters},
    OtherRule{"raw-api.method-and-path", Signal::raw_api},
    OtherRule{"actions.argument", Signal::many_actions},
};

constexpr std::string_view id_of(std::string_view id) {
  return std::ranges::find(kOtherRules, id, &OtherRule::id)->id;
}

bool is_one_of(std::string_view word, std::string_view list) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    if (list.substr(0, end) == word) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

/// Whether a word of the list, or its plural, stands among these words, from `first` up to `last`.
bool has_any(const Words& words, std::string_view list, std::size_t first = 0, std::size_t last = SIZE_MAX) {
  if (list.empty()) return false;
  for (std::size_t i = first; i < std::min(last, words.size()); ++i) {
    std::string_view word = words[i];
    if (is_one_of(word, list)) return true;
    if (word.ends_with('s')) word.remove_suffix(1);
    if (is_one_of(word, list)) return true;
  }
  return false;
}

/// The sentence around a word, as a range of words.
std::pair<std::size_t, std::size_t> sentence_of(const Words& words, std::size_t index) {
  std::size_t first = index;
  while (first > 0 && !begins_sentence(words, first)) --first;
  std::size_t last = index + 1;
  while (last < words.size() && !begins_sentence(words, last)) ++last;
  return {first, last};
}

bool is_negated(const Words& words, std::size_t index) {
  for (std::size_t back = 0; back < kNegationReach && index > 0 && !begins_sentence(words, index); ++back) {
    --index;
    if (is_one_of(words[index], "not never without no don doesn cannot isn won avoid nor neither"))
      return true;
  }
  return false;
}

/// The phrases of one place, and which rule each belongs to.
struct Group {
  explicit Group(Look look) : rules(rules_of(look)), phrases(phrases_of(rules)) {}

  static std::vector<std::size_t> rules_of(Look look) {
    std::vector<std::size_t> rules;
    for (std::size_t i = 0; i < signal_rules().size(); ++i) {
      if (signal_rules()[i].look == look) rules.push_back(i);
    }
    return rules;
  }
  static Phrases phrases_of(const std::vector<std::size_t>& rules) {
    std::vector<std::string_view> texts;
    for (const std::size_t rule : rules) texts.push_back(signal_rules()[rule].phrase);
    return Phrases(texts);
  }

  std::vector<std::size_t> rules;
  Phrases phrases;
};

const Group& group_of(Look look) {
  static const std::array<Group, 5> kGroups = {Group(Look::name), Group(Look::text), Group(Look::parameter),
                                               Group(Look::explanation), Group(Look::result)};
  return kGroups[static_cast<std::size_t>(look)];
}

/// What raised a signal, before its texts are made.
struct Raised {
  std::size_t rank = SIZE_MAX;  ///< the place of its rule in the table: the first is the most telling
  std::string_view rule;
  Look look = Look::name;
  std::size_t parameter = 0;
  std::string_view words;
};

class Finder {
 public:
  Finder(const ToolReading& tool, Category category) : tool_(tool), category_(category) {}

  std::vector<SignalHit> find() {
    action_ = action_parameter(tool_);
    look_at_name();
    look_at_text();
    for (std::size_t i = 0; i < tool_.parameters.list.size(); ++i) look_at_parameter(i);
    look_at_results();
    look_at_company();
    return hits();
  }

 private:
  void raise(std::size_t rank, std::string_view rule, Signal signal, Look look, std::string_view words,
             std::size_t parameter = 0) {
    Raised& raised = raised_[static_cast<std::size_t>(signal)];
    if (rank >= raised.rank) return;
    raised = {rank, rule, look, parameter, words};
  }
  /// A rule that is not in the table ranks before all that are.
  void raise_other(std::string_view id, Look look, std::string_view words, std::size_t parameter = 0) {
    const auto* const rule = std::ranges::find(kOtherRules, id, &OtherRule::id);
    raise(0, rule->id, rule->signal, look, words, parameter);
  }

  /// Whether the rule is still of use: it fits the category, and no more telling one of its signal was met.
  bool counts(std::size_t rank) const {
    const SignalRule& rule = signal_rules()[rank];
    return (rule.categories & one_of(category_)) != 0 &&
           rank + 1 < raised_[static_cast<std::size_t>(rule.signal)].rank;
  }

  static bool fits(const SignalRule& rule, const Words& words, const PhraseMatch& match) {
    switch (rule.fit) {
      case Fit::whole:
        return match.first == 0 && match.last == words.size();
      case Fit::last:
        return match.last == words.size();
      case Fit::anywhere:
        break;
    }
    return true;
  }

  void look_at_name() {
    const Group& group = group_of(Look::name);
    matches_.clear();
    group.phrases.find(tool_.name, matches_);
    for (const PhraseMatch& match : matches_) {
      const std::size_t rank = group.rules[match.phrase];
      const SignalRule& rule = signal_rules()[rank];
      if (!counts(rank) || !fits(rule, tool_.name, match) || has_any(tool_.name, rule.unless) ||
          has_any(tool_.description, rule.unless_told)) {
        continue;
      }
      raise(rank + 1, rule.id, rule.signal, Look::name, source_of(tool_.facts.name, tool_.name, match));
    }
  }

  void look_at_text() {
    const Group& group = group_of(Look::text);
    matches_.clear();
    group.phrases.find(tool_.description, matches_);
    for (const PhraseMatch& match : matches_) {
      const std::size_t rank = group.rules[match.phrase];
      const SignalRule& rule = signal_rules()[rank];
      if (!counts(rank) || is_negated(tool_.description, match.first)) continue;
      if (rule.signal == Signal::bulk && match.first >= kExplains)
        continue;  // elsewhere it speaks of other tools
      if (!rule.unless.empty()) {
        const auto [first, last] = sentence_of(tool_.description, match.first);
        if (has_any(tool_.description, rule.unless, first, last)) continue;
      }
      raise(rank + 1, rule.id, rule.signal, Look::text,
            source_of(tool_.facts.description, tool_.description, match));
    }
  }

  void look_at_parameter(std::size_t index) {
    const Parameter& parameter = tool_.parameters.list[index];
    const ParameterWords& words = tool_.parameter_words[index];
    for (const Look look : {Look::parameter, Look::explanation}) {
      const Group& group = group_of(look);
      const Words& searched = look == Look::parameter ? words.name : words.description;
      matches_.clear();
      group.phrases.find(searched, matches_);
      for (const PhraseMatch& match : matches_) {
        const std::size_t rank = group.rules[match.phrase];
        const SignalRule& rule = signal_rules()[rank];
        if (!counts(rank) || !fits(rule, searched, match) || !takes(rule, parameter)) continue;
        if (look == Look::explanation && (match.first >= kExplains || is_negated(searched, match.first)))
          continue;
        if (rule.signal == Signal::accepts_code && index == action_) continue;
        if (rule.signal == Signal::accepts_path && look == Look::explanation && stands_elsewhere()) continue;
        if (has_any(words.name, rule.unless) || has_any(words.description, rule.unless, 0, kExplains))
          continue;
        raise(rank + 1, rule.id, rule.signal, Look::parameter, parameter.name, index);
      }
    }
    if (parameter.choices) return;
    if (parameter.format == "password") raise_other("secret.format", Look::parameter, parameter.name, index);
    if (parameter.format == "uri" || parameter.format == "url" || parameter.format == "iri")
      raise_other("url.format", Look::parameter, parameter.name, index);
    if (words.name.size() == 1 && parameter.types.may_be_text()) {
      if (words.name[0] == "token" && is_secret_token(words.description))
        raise_other("secret.bare-token", Look::parameter, parameter.name, index);
      if (words.name[0] == "path" && is_file_path(words.description))
        raise_other("path.bare", Look::parameter, parameter.name, index);
      if ((words.name[0] == "query" || words.name[0] == "q" || words.name[0] == "statement") &&
          speaks_of_sql())
        raise_other("code.query-of-database", Look::parameter, parameter.name, index);
    }
  }

  /// Whether a parameter of this type may hold what the rule speaks of. What can only be one of some values
  /// is nothing that a caller makes up.
  static bool takes(const SignalRule& rule, const Parameter& parameter) {
    if (rule.types.any()) return true;
    if (parameter.choices && !rule.types.has(Types::boolean)) return false;
    return parameter.types.any() ? !rule.types.has(Types::boolean) && !(rule.types == Types(Types::array))
                                 : parameter.types.meets(rule.types);
  }

  void look_at_results() {
    if (!tool_.facts.output_schema) return;
    const Parameters results = results_of(tool_.facts);
    const Group& group = group_of(Look::result);
    for (const Parameter& result : results.list) {
      const Words words = Words::of_name(result.name);
      matches_.clear();
      group.phrases.find(words, matches_);
      for (const PhraseMatch& match : matches_) {
        const std::size_t rank = group.rules[match.phrase];
        const SignalRule& rule = signal_rules()[rank];
        if (!counts(rank) || !fits(rule, words, match) || !takes(rule, result) || has_any(words, rule.unless))
          continue;
        raise(rank + 1, rule.id, rule.signal, Look::result, result.name);
        result_at_ = result.at;
      }
    }
  }

  /// What two parameters say together, and how many there are.
  void look_at_company() {
    const Parameters& parameters = tool_.parameters;
    if (parameters.count >= kManyParameters) {
      count_text_ = std::to_string(parameters.count) + " parameters";
      raise_other("parameters.ten", Look::text, count_text_);
    }
    std::optional<std::size_t> method;
    std::optional<std::size_t> target;
    std::optional<std::size_t> host;
    bool port = false;
    for (std::size_t i = 0; i < parameters.list.size(); ++i) {
      const Words& name = tool_.parameter_words[i].name;
      if (parameters.list[i].parent >= 0 || name.empty()) continue;
      const std::string_view last = name[name.size() - 1];
      if (last == "method" && (name.size() == 1 || is_one_of(name[0], "http request api")) &&
          is_http_method(parameters.list[i], tool_.parameter_words[i].description)) {
        method = i;
      }
      if (is_one_of(last, "path endpoint url uri route") && !parameters.list[i].choices) target = i;
      if (name.size() == 1 && is_one_of(last, "host hostname server address ip")) host = i;
      port = port || (name.size() == 1 && last == "port");
    }
    constexpr std::string_view kRequests = "request requests call calls fetch curl invoke proxy rest restful";
    constexpr std::string_view kSettings =
        "get list create update delete add edit insert log monitor schema body mock task trace";
    if (method && target && !has_any(tool_.name, kSettings) &&
        (has_any(tool_.name, kRequests) || has_any(tool_.description, kRequests, 0, 12)))
      raise_other("raw-api.method-and-path", Look::parameter, parameters.list[*target].name, *target);
    if (host && port) raise_other("url.host-and-port", Look::parameter, parameters.list[*host].name, *host);
    const Raised& code = raised_[static_cast<std::size_t>(Signal::accepts_code)];
    if (code.rule.starts_with("code.sql") || code.rule == "code.query-of-database")
      raise_other("private.database", code.look, code.words, code.parameter);
    if (action_) raise_other("actions.argument", Look::parameter, parameters.list[*action_].name, *action_);
  }

  static bool is_http_method(const Parameter& parameter, const Words& description) {
    for (const json::Value choice : parameter.choices.elements()) {
      if (choice.is(json::Type::string) &&
          is_one_of(choice.string(), "GET POST PUT PATCH DELETE get post put patch delete"))
        return true;
    }
    return !parameter.choices && parameter.types.may_be_text() &&
           (description.empty() || has_any(description, "http get post put"));
  }

  /// `token` is a credential, a place in a list, a part of a text or a coin: its description or the tool
  /// tells.
  bool is_secret_token(const Words& description) const {
    if (has_any(description,
                "page pagination next continuation cursor contract symbol coin mint erc20 swap number count"))
      return false;
    if (has_any(
            description,
            "auth authentication authorization api access bearer oauth jwt secret credential login session "
            "personal bot integration"))
      return true;
    constexpr std::string_view kCoins =
        "crypto coin coins wallet swap blockchain solana ethereum erc20 nft defi liquidity dex mint price "
        "market chain "
        "holders onchain evm tokens";
    return !has_any(tool_.description, kCoins) && !has_any(tool_.name, kCoins) &&
           !has_any(tool_.description, "page pagination llm");
  }

  /// Whether the tool's other parameters say that its paths are those of a repository, a request or a store.
  bool stands_elsewhere() const {
    constexpr std::string_view kElsewhere =
        "url method endpoint repo repository owner branch ref sha zone bucket headers workspace slug domain "
        "protocol "
        "hostname service";
    return std::ranges::any_of(tool_.parameter_words,
                               [&](const ParameterWords& other) { return has_any(other.name, kElsewhere); });
  }

  /// `path` is a file's on the server's disk, unless it is one of a repository, of a URL or of a document.
  bool is_file_path(const Words& description) const {
    constexpr std::string_view kElsewhere =
        "url api endpoint route http jsonpath xpath json firestore repository repo collection documentation "
        "page secret vault "
        "dropbox drive key property request github gitlab uri breadcrumb menu category svg section";
    if (has_any(description, kElsewhere)) return false;
    if (stands_elsewhere()) return false;
    constexpr std::string_view kFiles =
        "file files directory directories folder folders filesystem dir disk absolute local workspace image "
        "audio video";
    return has_any(description, kFiles) || has_any(tool_.name, kFiles) ||
           has_any(tool_.description, kFiles, 0, 20);
  }

  bool speaks_of_sql() const {
    constexpr std::string_view kDatabases =
        "sql mysql postgres postgresql sqlite bigquery snowflake clickhouse mssql cypher sparql redshift "
        "duckdb neo4j athena "
        "presto trino influxql timescale mariadb soql";
    return has_any(tool_.name, kDatabases) || has_any(tool_.description, kDatabases);
  }

  static std::string_view source_of(std::string_view source, const Words& words, const PhraseMatch& match) {
    const std::size_t begin = words.begin_of(match.first);
    return source.substr(begin, words.end_of(match.last - 1) - begin);
  }

  std::string place_of(const Raised& raised) const {
    switch (raised.look) {
      case Look::name:
        return "/name";
      case Look::text:
        return raised.rule == id_of("parameters.ten") ? "/inputSchema" : "/description";
      case Look::result:
        return "/outputSchema" + json::pointer_to(tool_.facts.output_schema, result_at_);
      case Look::parameter:
      case Look::explanation:
        break;
    }
    return pointer_of(tool_.facts, tool_.parameters.list[raised.parameter]);
  }

  std::vector<SignalHit> hits() const {
    std::vector<SignalHit> hits;
    for (std::size_t i = 0; i < kSignals; ++i) {
      const Raised& raised = raised_[i];
      if (raised.rule.empty()) continue;
      hits.push_back({static_cast<Signal>(i), place_of(raised), std::string(cut_at_character(raised.words)),
                      raised.rule});
    }
    return hits;
  }

  const ToolReading& tool_;
  Category category_;
  std::array<Raised, kSignals> raised_;
  std::vector<PhraseMatch> matches_;
  json::Value result_at_;
  std::optional<std::size_t> action_;
  std::string count_text_;
};

}  // namespace

std::span<const OtherRule> other_signal_rules() {
  return kOtherRules;
}

std::vector<SignalHit> find_signals(const ToolReading& tool, Category category) {
  return Finder(tool, category).find();
}

}  // namespace doorward::risk
