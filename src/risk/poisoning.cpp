#include "risk/poisoning.h"

#include <re2/re2.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "base/text.h"
#include "json/pointer.h"
#include "risk/hidden_text.h"

namespace doorward::risk {
namespace {

constexpr std::size_t kMostOfAKind = 3;
constexpr std::size_t kLongestWords = 120;

struct Pattern {
  SignKind kind;
  const char* text;  ///< RE2, case aside, on a readable text (hidden_text.h)
};

// Each names what no description of a tool needs to say; how often real tools say it all the same is measured by
// poisoning_test. A clause is bounded by its punctuation, so that words of two sentences never meet.
constexpr Pattern kPatterns[] = {
    // Tags and marks that pose as another voice than the tool's.
    {SignKind::instruction,
     R"(<\s*/?\s*(important|system|secret|hidden|critical|urgent|override|instructions?|prompt)( (instructions?|message|note|prompt|notice))?\s*/?>)"},
    {SignKind::instruction, R"(<\|[a-z ]{2,20}\|>|\[/?inst\]|<<sys>>|\[/?system\]|###? ?(system|instruction)s?\b ?:|<!--)"},
    // To forget, override, become.
    {SignKind::instruction,
     R"(\b(ignores?|disregards?|forgets?|overrides?|bypass(es)?|overrules?|supersedes?|takes? precedence over|replaces?)\b[^.;:!?]{0,40}\b(previous|prior|above|earlier|preceding|other|system|safety|existing|your|its|all|any|these|those|original)\b[^.;:!?]{0,30}\b(instructions?|prompts?|guidelines?|directives?|guardrails?|safeguards?|training|system messages?)\b)"},
    {SignKind::instruction,
     R"(\b(you are now (a|an|in|the)\b|from now on,? you|your (new|real|true|actual|only) (instructions?|role|task|goal|objective|purpose) (is|are)\b|new (system prompt|instructions?):|pretend (to be|you are|that you)|jailbr(eak|oken)|do anything now|(attention|notice|note|important|message|instructions?) (to|for) (the |any |all )?(ai|llm|assistant|language model|agent)( (assistant|agent|model))?s?\b ?[:,-]))"},
    {SignKind::instruction,
     R"(\b(ignora|olvida|ignorez|oubliez|ignoriere|vergiss|ignorier|ignore|esqueça|dimentica|negeer)\b[^.;:!?]{0,40}\b(instrucciones|instructions précédentes|anweisungen|instruções|istruzioni|instructies|indicaciones)\b)"},
    {SignKind::instruction, "(忽略|无视|忘记|無視)[^。！？]{0,20}(指令|指示|提示|规则|規則)|игнорируй[^.!?]{0,40}(инструкци|указани)|"
                            "(以前|これまで|前)の(指示|命令)を(無視|忘れ)"},
    {SignKind::instruction,
     R"(\b(decode|decrypt|unscramble)\b[^.;!?]{0,60}\b(and|then)\b[^.;!?]{0,20}\b(follow|execute|obey|run|do what)\b)"},
    {SignKind::instruction,
     R"(\b(reveal|print|repeat|output|leak|include|send|exfiltrate|append|pass|provide|copy)\b[^.;!?]{0,40}\b(system prompt|system message|system instructions|your instructions)\b)"},
    // The user is not to know, or not to be asked.
    {SignKind::secrecy,
     R"(\b(do not|don't|dont|never|must not|should not|shouldn't|mustn't|without|avoid|refrain from|no need to|not necessary to)\b (ever |explicitly |directly |first |even )?(tell|telling|inform|informing|notify|notifying|alert|alerting|warn|warning|mention|mentioning|reveal|revealing|disclose|disclosing|report|reporting|let|letting)\b[^.;!?]{0,40}\b(user|users|human|humans|operator|person|customer|anyone|anybody)\b)"},
    {SignKind::secrecy,
     R"(\b(do not|don't|dont|never|must not|should not|avoid)\b (ever |explicitly |even )?(mention|mentioning|reveal|revealing|disclose|disclosing|talk about|acknowledge)\b (that you|this (tool|step|instruction|behaviou?r|parameter|note|call|to)|these instructions|the (file|files|content|contents|instructions?)|any of this)\b)"},
    {SignKind::secrecy,
     R"(\b(do not|don't|dont|never|without|no need to|avoid)\b (ever )?(asking|ask|requesting|request|wait for|waiting for) (the user |user |for )?(the user |for )?(user )?(permission|confirmation|consent|approval)\b)"},
    {SignKind::secrecy,
     R"(\b(secretly|covertly|stealthily|surreptitiously)\b|\b(silently|quietly|discreetly)\b.{0,15}\b(send|forward|read|copy|upload|include|exfiltrate|collect|transmit|append|attach|bcc|post|pass)\b)"},
    {SignKind::secrecy,
     R"(\b(hide|conceal|withhold|keep)\b[^.;!?]{0,30}\b(hidden |secret |private |confidential )?(from) (the |any |your )?(user|users|human|operator)\b|\b(the )?users? (must|should|will|need)( not|n't) (know|see|notice|find out|learn|be (told|informed|aware|notified|shown))|without (the |their |a )?(user|users|human|operator|customer)('s)? (knowledge|noticing|knowing|awareness|realizing|being (told|aware|informed)))"},
    {SignKind::secrecy, R"(\beven (if|when) the user\b[^.;!?]{0,40}\b(different|another|other|otherwise|not to|asks? (you )?not)\b)"},
    // Secrets, and the conversation itself, are to be read or handed over.
    {SignKind::secrets,
     R"(\b(read|reading|open|cat|load|access|include|send|pass|attach|copy|retrieve|provide|upload|paste|get|obtain|put|append|contents?)\b.{0,60}(~/\.(ssh|aws|cursor|claude|codex|gemini|config|gnupg|kube|netrc|npmrc|pypirc|pgpass|docker|azure|bash|zsh|git|env)|\bid (rsa|ed25519|ecdsa|dsa)\b|\.ssh\b|\.aws/credentials|/etc/(passwd|shadow)|\bmcp\.json\b|claude desktop config|\.env\b|\bssh (id|key)s?\b))"},
    {SignKind::secrets,
     R"((~/\.(ssh|aws|cursor|claude|codex|gemini|gnupg|kube|netrc|npmrc|git-credentials)|\bid (rsa|ed25519|ecdsa|dsa)\b|/etc/(passwd|shadow)\b).{0,60}\b(read|pass|copy|send|include|attach|open|upload|append|paste)\b)"},
    {SignKind::secrets,
     R"(\b(send|forward|pass|upload|post|transmit|include|append|copy|paste|attach|leak|exfiltrate|share|put|provide|insert|supply)\b[^.;!?]{0,40}\b((entire|full|whole|complete|all|previous)\b[^.;!?]{0,20}\b(conversation|chat|message|dialogue)s?( history| log| transcript| context)\b|(entire|full|whole|complete) (conversation|chat|dialogue)\b|your (system prompt|instructions|api keys?|environment variables|memory|credentials)|(api keys?|passwords|credentials|access tokens|private keys?|secrets|environment variables) (you|that you|in your|from (the |your )(conversation|context|environment|memory)))\b)"},
    {SignKind::secrets, R"(\b(content|contents|result) (of|from) (reading )?[^.;!?]{0,20}\b(ssh|id rsa|private key|credentials?|passwd|env)\b)"},
    // Other tools are to be called first, instead, or otherwise than they say.
    {SignKind::tool_order,
     R"(\b(before|prior to) (calling|using|invoking|executing|running|you (call|use|invoke)|any( use| call)? of|each use|every use|performing|doing) (any|all|every|each|another|any other|other) (other )?[^.;!?]{0,20}\b(tools?|functions?|operations?|actions?|commands?|requests?)\b)"},
    {SignKind::tool_order,
     R"(\b(instead of|rather than|in place of|overrides|supersedes)\b[^.;!?]{0,15}\b(any other|another|all other|other|built-?in|native)\b[^.;!?]{0,15}\b(tools?|servers?)\b)"},
    {SignKind::tool_order,
     R"(\b(when|whenever|if|every time|each time|after|once)\b[^.;!?]{0,20}\b(another|any other|any|every|other) (other )?tools?\b[^.;!?]{0,25}\b(is|are|was|has been) (called|used|invoked|run|executed))"},
    {SignKind::tool_order,
     R"(\bwhen this tool (is|becomes) (available|present|installed|loaded|listed)\b|\b(mcp [a-z0-9 ]{2,40}|other [a-z0-9 ]{0,30}|all [a-z0-9 ]{0,30}) tools? must\b)"},
    {SignKind::tool_order,
     R"(\b(always|must)\b[^.;!?]{0,20}\b(also|additionally)\b[^.;!?]{0,10}\b(call|invoke|run|use|execute)\b[^.;!?]{0,40}\b(every|each|any) (request|message|call|response|conversation|turn)\b)"},
};

class Compiled {
 public:
  Compiled() {
    RE2::Options options;
    options.set_case_sensitive(false);
    options.set_log_errors(false);
    for (const Pattern& pattern : kPatterns) {
      expressions_.push_back(std::make_unique<RE2>(std::string("(") + pattern.text + ")", options));
      if (!expressions_.back()->ok()) broken(pattern.text, expressions_.back()->error());
    }
  }
  const RE2& at(std::size_t index) const { return *expressions_[index]; }

 private:
  [[noreturn]] static void broken(const char* pattern, const std::string& why) {
    std::fprintf(stderr, "doorward: the pattern %s is not valid: %s\n", pattern, why.c_str());
    std::abort();
  }

  std::vector<std::unique_ptr<RE2>> expressions_;
};

const Compiled& compiled() {
  static const Compiled kCompiled;
  return kCompiled;
}

class Search {
 public:
  explicit Search(const IsForeignTool& is_foreign) : is_foreign_(is_foreign) {}

  void walk(json::Value value) {
    switch (value.type()) {
      case json::Type::string:
        return look(value.string());
      case json::Type::array: {
        std::size_t index = 0;
        for (const json::Value element : value.elements()) step(index++, element);
        return;
      }
      case json::Type::object:
        for (const json::Member member : value.members()) {
          const std::size_t length = where_.size();
          json::append_step(where_, member.key.string());
          look(member.key.string());
          walk(member.value);
          where_.resize(length);
        }
        return;
      default:
        return;
    }
  }
  std::vector<Sign> take() { return std::move(signs_); }

 private:
  void step(std::size_t index, json::Value element) {
    const std::size_t length = where_.size();
    json::append_step(where_, index);
    walk(element);
    where_.resize(length);
  }

  void look(std::string_view text) {
    if (std::string hidden = invisible_characters(text); !hidden.empty()) put(SignKind::invisible, std::move(hidden));
    if (text.starts_with("data:image/")) return;
    const std::string plain = readable(text);
    for (std::size_t i = 0; i < std::size(kPatterns); ++i) {
      re2::StringPiece found;
      if (RE2::PartialMatch(plain, compiled().at(i), &found)) {
        put(kPatterns[i].kind, std::string(found.data(), found.size()));
      }
    }
    if (is_foreign_) names(text);
  }

  void names(std::string_view text) {
    const auto in_name = [](char c) {
      return is_alnum(c) || c == '_' || c == '-';
    };
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = at;
      while (end < text.size() && in_name(text[end])) ++end;
      if (end > at && is_foreign_(text.substr(at, end - at))) {
        put(SignKind::other_tools, std::string(text.substr(at, end - at)));
      }
      at = end + 1;
    }
  }

  void put(SignKind kind, std::string words) {
    if (++counts_[static_cast<std::size_t>(kind)] > kMostOfAKind) return;
    if (words.size() > kLongestWords) {
      std::size_t cut = kLongestWords;
      while (cut > 0 && (static_cast<unsigned char>(words[cut]) & 0xc0) == 0x80) --cut;
      words.resize(cut);
    }
    signs_.push_back({kind, where_, std::move(words)});
  }

  const IsForeignTool& is_foreign_;
  std::string where_;
  std::vector<Sign> signs_;
  std::array<std::size_t, 6> counts_{};
};

}  // namespace

std::string_view to_string(SignKind kind) {
  constexpr std::array<std::string_view, 6> kNames = {"instruction", "secrecy",   "secrets",
                                                      "tool_order",  "invisible", "other_tools"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::vector<Sign> signs_of_poisoning(json::Value tool, const IsForeignTool& is_foreign) {
  Search search(is_foreign);
  if (tool) search.walk(tool);
  return search.take();
}

}  // namespace doorward::risk
