#include "catalogue/tool_words.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "catalogue/english.h"
#include "risk/vocabulary.h"

namespace doorward::catalogue {
namespace {

/// The verb that a sentence begins with, adverbs before it passed over.
std::optional<risk::VerbForm> opening_verb(std::string_view sentence) {
  for (int seen = 0; seen < 2; ++seen) {
    const std::string_view word = sentence.substr(0, sentence.find_first_of(" ,/"));
    if (const risk::VerbHit hit = risk::find_verb(lower(word))) return hit.form;
    if (!word.ends_with("ly") || word.size() == sentence.size()) return std::nullopt;
    sentence.remove_prefix(word.size() + 1);
  }
  return std::nullopt;
}

/// The sentence as the part of another one: a capital is kept only where the word has more of them.
std::string continued(std::string_view sentence) {
  std::string text = without_stop(sentence);
  const std::string_view word = std::string_view(text).substr(0, text.find(' '));
  const bool plain_word = std::none_of(word.begin() + (word.empty() ? 0 : 1), word.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (plain_word && !text.empty() && text[0] >= 'A' && text[0] <= 'Z')
    text[0] = static_cast<char>(text[0] + 32);
  return text;
}

bool is_confirmation(std::string_view name) {
  const std::string low = lower(name);
  return low == "confirm" || low == "force" || low == "confirmed" || low == "confirmation" || low == "yes" ||
         low == "dry_run" || low == "dryrun";
}

bool raised_at(const ToolRecord& tool, risk::Signal signal, std::string_view argument) {
  return std::ranges::any_of(tool.classification.signals, [&](const risk::SignalHit& hit) {
    return hit.signal == signal && hit.where.ends_with("/" + std::string(argument));
  });
}

/// The argument that says what a call is about: a required one that names something rather than carrying a
/// secret.
const risk::Parameter* target_of(const ReadTool& read, const ToolRecord& tool) {
  const risk::Parameter* best = nullptr;
  int most = 0;
  for (const risk::Parameter& parameter : read.parameters.list) {
    if (parameter.parent != -1 || is_confirmation(parameter.name)) continue;
    if (raised_at(tool, risk::Signal::handles_secrets, parameter.name) && read.parameters.count > 1) continue;
    const std::string low = lower(parameter.name);
    int points = parameter.required ? 4 : 1;
    for (const std::string_view part :
         {"id", "key", "name", "path", "url", "query", "command", "sql", "code"}) {
      if (low == part || low.ends_with("_" + std::string(part))) points += 2;
    }
    if (low.find("delete") != std::string::npos || low.find("target") != std::string::npos) points += 2;
    if (points > most) {
      most = points;
      best = &parameter;
    }
  }
  return best;
}

const risk::Parameter* list_argument(const ReadTool& read) {
  for (const risk::Parameter& parameter : read.parameters.list) {
    if (parameter.parent == -1 && parameter.types.has(risk::Types::array)) return &parameter;
  }
  return nullptr;
}

const risk::SignalHit* hit_of(const ToolRecord& tool, risk::Signal signal) {
  const auto found = std::ranges::find(tool.classification.signals, signal, &risk::SignalHit::signal);
  return found == tool.classification.signals.end() ? nullptr : &*found;
}

/// The name of the argument that a pointer into the input schema leads to, or empty.
std::string argument_at(std::string_view pointer) {
  constexpr std::string_view kInput = "/inputSchema/";
  if (!pointer.starts_with(kInput)) return {};
  std::string name;
  std::string_view rest = pointer.substr(kInput.size());
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view step = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (step != "properties" || rest.empty()) continue;
    const std::size_t stop = std::min(rest.find('/'), rest.size());
    std::string part;
    for (std::size_t i = 0; i < stop; ++i) {
      if (rest[i] == '~' && i + 1 < stop) {
        part += rest[++i] == '0' ? '~' : '/';
      } else {
        part += rest[i];
      }
    }
    name += (name.empty() ? "" : ".") + part;
    rest.remove_prefix(std::min(stop + 1, rest.size()));
  }
  return name;
}

void append(Text& text, Text more) {
  for (Run& run : more) text.push_back(std::move(run));
}

/// What follows from a signal: where an argument raised it, `Argument x` and `of_argument`; else `of_tool`,
/// the words in parentheses, `rest`.
struct Consequence {
  std::string_view of_argument;
  std::string_view of_tool;
  std::string_view rest;
};
/// In the order of the enumeration.
constexpr std::array<Consequence, risk::kSignals> kConsequences = {{
    {" carries a credential: it passes through the agent's context and through every log on the way.",
     "It works on credentials", ": who may call it decides who has access."},
    {" makes the answer hold a credential, which then stands in the agent's context.",
     "Its answer holds a credential",
     ", which then stands in the agent's context and can leave with any later call."},
    {" decides where the server connects: inside the network, or to somebody who collects.",
     "It connects to an address of the caller's choice", ", inside the network or outside it."},
    {" decides which file is meant, and a path can lead out of its folder.", "It reaches files by their path",
     ", and a path can lead out of its folder."},
    {" is what happens, whatever the tool is called.", "It runs what it is given",
     ", whatever the tool is called."},
    {" is rendered as it is given, scripts and hidden text included.", "It renders what it is given",
     ", scripts and hidden text included."},
    {"", "Among so many arguments the one that matters is easily overlooked", " by whoever approves a call."},
    {" lets one call reach many targets.", "One call reaches many targets", "."},
    {" works at the level of administrators.", "It works at the level of administrators", "."},
    {" changes what is running, so that a mistake is felt at once.", "It changes what is running",
     ", so that a mistake is felt at once."},
    {" costs money with each call, and a loop spends it.", "Each call costs money",
     ", and a loop spends it."},
    {" brings text that others wrote before the agent, and such text can hold instructions.",
     "It brings text that others wrote before the agent", ", and such text can hold instructions."},
    {" reaches private data, which must not meet a way out in one session.", "It reads private data",
     ", which must not meet a way out in one session."},
    {" can carry data out.", "It can carry data out", "."},
    {" reaches whatever the interface behind it offers, past the limits of named tools.",
     "It reaches whatever the interface behind it offers", ", past the limits of named tools."},
    {" makes it a call that cannot be undone.", "It cannot be undone", "."},
    {" is a text with structure inside, which conditions on arguments cannot look into.",
     "It takes text with structure inside", ", which conditions on arguments cannot look into."},
    {" chooses among many operations, and a rule for the tool's name covers them all.",
     "It holds many operations", ", and a rule for the tool's name covers them all."},
}};

}  // namespace

ReadTool::ReadTool(const ToolRecord& tool) {
  if (const auto read = reader_.read(tool.definition)) root = *read;
  facts = risk::facts_of(tool.server, root);
  parameters = risk::parameters_of(facts);
  results = risk::results_of(facts);
}

std::string_view meaning_of(Category category) {
  switch (category) {
    case Category::read:
      return "returns data and changes nothing";
    case Category::write:
      return "creates or changes data in a way that can be put right again";
    case Category::execute:
      return "runs something, or has an effect that its arguments decide or that leaves the server";
    case Category::destructive:
      return "deletes or overwrites for good, or takes access away";
    case Category::financial:
      return "moves money or commits it";
    case Category::other:
      break;
  }
  return "gives no sign of what it does";
}

Text where_of(std::string_view pointer) {
  if (const std::string argument = argument_at(pointer); !argument.empty())
    return {plain("argument "), code(argument)};
  if (pointer == "/name") return {plain("the name")};
  if (pointer.starts_with("/description")) return {plain("the description")};
  if (pointer.starts_with("/annotations/")) {
    return {plain("annotation "), code(pointer.substr(std::string_view("/annotations/").size()))};
  }
  if (pointer.starts_with("/annotations")) return {plain("the annotations")};
  if (pointer.starts_with("/outputSchema")) return {plain("the output schema")};
  if (pointer.starts_with("/inputSchema")) return {plain("the input schema")};
  if (pointer == "/server") return {plain("the server")};
  return {code(pointer)};
}

std::vector<Block> use_of(const ReadTool& read, const ToolRecord& tool,
                          std::span<const ToolRecord> siblings) {
  std::vector<Block> blocks;
  const std::vector<std::string> sentences = sentences_of(read.facts.description);
  Text use;
  if (sentences.empty()) {
    use = {plain("The server says nothing about "), code(tool.name),
           plain(" but its name. An agent can only guess what the tool does, and so can its user.")};
  } else if (const auto form = opening_verb(sentences.front()); form == risk::VerbForm::base) {
    use = {plain("An agent calls "), code(tool.name),
           plain(" when it is to " + continued(sentences.front()) + ".")};
  } else if (form == risk::VerbForm::third) {
    use = {plain("An agent calls "), code(tool.name),
           plain(" because it " + continued(sentences.front()) + ".")};
  } else if (form == risk::VerbForm::gerund) {
    use = {plain("An agent calls "), code(tool.name), plain(" for " + continued(sentences.front()) + ".")};
  } else {
    use = {plain("The server introduces "), code(tool.name), plain(" to agents as "),
           cited(without_stop(sentences.front())), plain(".")};
  }
  blocks.emplace_back(Paragraph{std::move(use)});

  Text call;
  std::vector<const risk::Parameter*> required;
  for (const risk::Parameter& parameter : read.parameters.list) {
    if (parameter.parent == -1 && parameter.required) required.push_back(&parameter);
  }
  const std::size_t optional =
      read.parameters.count > required.size() ? read.parameters.count - required.size() : 0;
  if (read.parameters.count == 0) {
    call = {plain(read.facts.input_schema
                      ? "A call carries no arguments: nothing in it can be bounded by a condition, only the "
                        "call itself."
                      : "Its definition, as far as it is known here, declares no arguments.")};
  } else if (required.empty()) {
    call = {plain("Every argument is optional: it may be given " +
                  counted(read.parameters.count, "argument") + " and runs without any.")};
  } else {
    call = {plain("A call must give ")};
    for (std::size_t i = 0; i < required.size() && i < 6; ++i) {
      if (i != 0) call.push_back(plain(i + 1 == required.size() ? " and " : ", "));
      call.push_back(code(required[i]->name));
    }
    if (required.size() > 6) call.push_back(plain(" and " + counted(required.size() - 6, "other")));
    if (optional > 0) call.push_back(plain(" and may give " + counted(optional, "more argument")));
    call.push_back(plain("."));
  }
  std::vector<const ToolRecord*> named;
  for (const ToolRecord& other : siblings) {
    // A name of one word may be a word of the sentence.
    const bool telling = other.name.find_first_of("_-.") != std::string::npos;
    if (telling && named.size() < 3 && holds_words(read.facts.description, other.name))
      named.push_back(&other);
  }
  for (std::size_t i = 0; i < named.size(); ++i) {
    call.push_back(plain(i == 0 ? " Its description also names " : i + 1 == named.size() ? " and " : ", "));
    append(call, {code_link(named[i]->name, tool_ref(named[i]->server, named[i]->name)), plain(" ("),
                  badge(named[i]->classification.category), plain(")")});
  }
  if (!named.empty()) call.push_back(plain("."));
  blocks.emplace_back(Paragraph{std::move(call)});
  return blocks;
}

std::vector<std::string> telling_sentences(const ReadTool& read, const risk::Classification& classification) {
  constexpr std::size_t kMost = 3;
  constexpr std::size_t kLongest = 400;
  static constexpr std::string_view kStakes[] = {
      "cannot be", "can't be",    "irreversible", "permanent", "permanently", "immediately", "revokes",
      "revoke",    "destructive", "destroy",      "destroys",  "overwrite",   "overwrites",  "lost",
      "securely",  "secret",      "password",     "break",     "breaks",      "charge",      "charges",
      "refund",    "payment",     "warning",      "caution",   "dangerous",   "arbitrary"};
  std::vector<std::pair<int, std::string>> found;
  const std::vector<std::string> sentences = sentences_of(read.facts.description);
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const std::string& sentence = sentences[i];
    if (sentence.size() > kLongest) continue;
    int points = 0;
    for (const std::string_view words : kStakes) points += holds_words(sentence, words) ? 2 : 0;
    for (const risk::Evidence& piece : classification.evidence) {
      const bool against =
          parse_category(piece.says) && *parse_category(piece.says) != classification.category;
      if (piece.where.starts_with("/description") && !against && holds_words(sentence, piece.words))
        points += 3;
    }
    for (const risk::SignalHit& hit : classification.signals) {
      if (hit.where.starts_with("/description") && holds_words(sentence, hit.words)) points += 2;
    }
    // The first sentence says what the tool does: it is quoted where nothing else is.
    if (i == 0) points += 1;
    if (points > 0) found.emplace_back(points * 1000 - static_cast<int>(i), sentence);
  }
  std::ranges::sort(found, std::greater<>(), [](const auto& one) { return one.first; });
  if (found.size() > kMost) found.resize(kMost);
  std::vector<std::string> chosen;
  for (const std::string& sentence : sentences) {
    const bool is_chosen =
        std::ranges::any_of(found, [&](const auto& one) { return one.second == sentence; });
    if (is_chosen && std::ranges::find(chosen, sentence) == chosen.end()) chosen.push_back(sentence);
  }
  return chosen;
}

std::vector<Text> stakes_of(const ReadTool& read, const ToolRecord& tool) {
  std::vector<Text> texts;
  const Category category = tool.classification.category;
  const risk::Parameter* target = target_of(read, tool);
  const risk::Parameter* list = list_argument(read);
  const risk::SignalHit* undo = hit_of(tool, risk::Signal::irreversible);
  const auto one_wrong = [&](std::string_view rest) {
    Text text;
    if (target != nullptr) {
      text = {plain("One wrong "), code(target->name), plain(" is enough: "), plain(rest)};
    } else {
      text = {plain("One wrong call is enough: "), plain(rest)};
    }
    return text;
  };
  switch (category) {
    case Category::destructive: {
      Text text = one_wrong(
          "an agent that misreads its task, or follows instructions in a text that it has read, takes away what "
          "others still use.");
      if (undo != nullptr && !undo->words.empty()) {
        append(text, {plain(" The definition itself says "), cited(undo->words), plain(".")});
      } else {
        text.push_back(plain(" Nothing in the definition says how to bring it back."));
      }
      texts.push_back(std::move(text));
      break;
    }
    case Category::financial:
      texts.push_back(
          one_wrong("the money has moved before anybody reads the log, and a loop repeats it at once."));
      break;
    case Category::execute:
      texts.push_back(
          target != nullptr
              ? Text{plain("What a call does is decided by "), code(target->name),
                     plain(", which the agent writes: the tool's name bounds nothing.")}
              : Text{plain("What a call does is decided outside the definition: its name bounds nothing.")});
      break;
    case Category::write:
      texts.push_back({plain(
          "Each call leaves something behind that somebody has to find and undo by hand; an agent in a "
          "loop leaves as many as the policy lets it.")});
      break;
    case Category::read:
      if (hit_of(tool, risk::Signal::returns_secrets) != nullptr) {
        texts.push_back({plain(
            "It changes nothing, and that is not the point: what it returns is a credential, and whoever "
            "reads the agent's context has it then.")});
      } else if (hit_of(tool, risk::Signal::untrusted_content) != nullptr) {
        texts.push_back(
            {plain("It changes nothing itself. But it puts text before the agent that others wrote, and the "
                   "agent's next call may follow what stands there.")});
      } else if (hit_of(tool, risk::Signal::private_data) != nullptr) {
        texts.push_back(
            {plain("It changes nothing itself. What it returns can leave with a later call of any tool that "
                   "sends.")});
      } else {
        texts.push_back({plain(
            "Its definition shows no more than reading. A policy is what keeps it at that: the agents "
            "that need it may call it, others do not see it, and a changed definition is held back.")});
      }
      break;
    case Category::other:
      texts.push_back(
          {plain("Nothing in the definition tells what it does, so nobody can say what a wrong call costs. "
                 "Until a person has looked, a limit bounds the damage.")});
      break;
  }
  if (list != nullptr && category != Category::read) {
    texts.push_back(
        {plain("Argument "), code(list->name), plain(" takes a list, so one call can reach many.")});
  }
  for (const risk::Parameter& parameter : read.parameters.list) {
    if (parameter.parent != -1 || !is_confirmation(parameter.name) || category == Category::read) continue;
    texts.push_back({plain("Argument "), code(parameter.name),
                     plain(" is no person's consent: the agent that makes the call sets it, too.")});
    break;
  }
  const json::Value read_only = read.facts.annotations.find("readOnlyHint");
  const json::Value destructive = read.facts.annotations.find("destructiveHint");
  const bool says_read_only = read_only.is(json::Type::boolean) && read_only.boolean();
  const bool says_destructive = destructive.is(json::Type::boolean) && destructive.boolean();
  if (says_read_only && category != Category::read) {
    texts.push_back({plain("Its author annotates it as "), code("readOnlyHint: true"),
                     plain(", which its own words contradict; an annotation never lowers a category here.")});
  } else if (says_destructive && !says_read_only && category == Category::destructive) {
    texts.push_back(
        {plain("Its author agrees: the definition carries "), code("destructiveHint: true"), plain(".")});
  }
  return texts;
}

Text consequence_of(const risk::SignalHit& hit) {
  const Consequence& said = kConsequences[static_cast<std::size_t>(hit.signal)];
  Text text;
  if (const std::string argument = argument_at(hit.where); !argument.empty() && !said.of_argument.empty()) {
    text = {plain("Argument "), code(argument), plain(said.of_argument)};
  } else {
    text = {plain(said.of_tool)};
    if (!hit.words.empty()) append(text, {plain(" ("), cited(hit.words), plain(")")});
    text.push_back(plain(said.rest));
  }
  return text;
}

}  // namespace doorward::catalogue
