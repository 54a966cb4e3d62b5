#include "cli/explanation_view.h"

#include <string_view>
#include <vector>

#include "cli/log_view.h"
#include "cli/operate.h"

namespace doorward::cli {
namespace {

constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kPlain = "\x1b[0m";

/// The marks of a step, and what stands between the parts of a line.
struct Marks {
  std::string_view yes;
  std::string_view no;
  std::string_view skipped;
  std::string_view between;
  std::string_view or_else;
};
constexpr Marks kUnicode = {"\u2713", "\u2715", "\u00b7", " \u00b7 ", "  |  "};
constexpr Marks kAscii = {"+", "x", "-", " - ", "  |  "};

class View {
 public:
  View(json::Value explanation, Look look) : e_(explanation), look_(look), marks_(look.unicode ? kUnicode : kAscii) {}

  std::string text() {
    head();
    line(member(e_, "summary"));
    author();
    effects();
    for (const json::Value step : e_.find("trace").elements()) show(step);
    rule();
    remedy();
    if (const std::string told = member(e_, "told_agent"); !told.empty()) line("Told the agent: \"" + told + "\"");
    return std::move(out_);
  }

 private:
  bool allowed() const { return member(e_, "decision") == "allow"; }
  bool enforced() const { return !is_false(e_.find("enforced")); }

  void line(const std::string& text) {
    if (!text.empty()) out_ += text + "\n";
  }
  std::string painted(std::string_view color, const std::string& text) const {
    return look_.color && !color.empty() ? std::string(color) + text + std::string(kPlain) : text;
  }

  void head() {
    const std::string words = decision_words(member(e_, "word"));
    const std::string_view color = allowed() ? std::string_view() : enforced() && words != "Needs approval" ? kRed : kYellow;
    std::string text = painted(color, std::string(allowed() ? marks_.yes : marks_.no) + " " + words);
    const json::Value call = e_.find("call");
    const std::string server = member(call, "server");
    add(text, (server.empty() ? "" : server + ".") + member(call, "tool"));
    const json::Value subject = e_.find("subject");
    const std::string owner = member(subject, "owner");
    add(text, member(subject, "grant") + (owner.empty() ? "" : " (" + owner + ")"));
    add(text, member(e_, "time"));
    add(text, member(e_, "id"));
    line(text);
  }
  void add(std::string& text, const std::string& part) const {
    if (!part.empty()) text += std::string(marks_.between) + part;
  }

  void author() {
    if (const std::string note = member(e_, "note"); !note.empty()) line("The rule's author says: " + note);
  }

  void effects() {
    const json::Value effects = e_.find("effects");
    const json::Value forwarded = effects.find("forwarded");
    if (!forwarded.is(json::Type::boolean)) return;
    const std::string server = member(e_.find("call"), "server");
    const std::string target = server.empty() ? "the server" : server;
    std::string text = forwarded.boolean() ? "The call went to " + target + "." : "The call did not reach " + target + ".";
    const std::string quota = member(effects, "quota");
    if (!quota.empty()) text += quota == "none used" ? " No quota was used." : " Quota: " + quota + ".";
    line(text);
  }

  void show(json::Value step) {
    const std::string result = member(step, "result");
    const bool decided = result == "decided";
    const std::string_view mark = result == "ok" || (decided && allowed()) ? marks_.yes : decided ? marks_.no : marks_.skipped;
    std::string text = "  " + std::string(mark) + " " + member(step, "step");
    if (!decided && result != "ok") text += ": " + result;
    if (const std::string at = member(step, "line"); !at.empty() && at != "0") text += "   line " + at;
    line(painted(decided ? kBold : result == "ok" ? std::string_view() : kDim, text));
  }

  void rule() {
    const std::string rule = member(e_, "rule");
    if (rule.empty()) return;
    const std::string at = member(e_, "line");
    const json::Value policy = e_.find("policy");
    std::string text = "Rule: " + rule;
    if (const std::string name = member(policy, "name"); !name.empty()) {
      text += " of " + name + " v" + member(policy, "version");
      if (!at.empty() && at != "0") text += ", line " + at;
      if (const std::string origin = member(policy, "origin"); !origin.empty() && origin != name) text += " (" + origin + ")";
    }
    line(text);
  }

  void remedy() {
    const json::Value remedy = e_.find("remedy");
    std::vector<std::string> ways;
    for (const json::Value change : remedy.find("changes").elements()) {
      if (change.is(json::Type::string)) ways.push_back(safe_text(change.string()));
    }
    if (const std::string ask = member(remedy, "ask"); !ask.empty()) ways.push_back("ask " + ask);
    if (const std::string after = member(remedy, "after_s"); !after.empty() && after != "0") ways.push_back("wait " + after + " s");
    if (ways.empty()) return;
    std::string text;
    for (const std::string& way : ways) text += (text.empty() ? "" : std::string(marks_.or_else)) + way;
    line("What would change it:  " + text);
  }

  json::Value e_;
  Look look_;
  const Marks& marks_;
  std::string out_;
};

}  // namespace

std::string explanation_text(json::Value explanation, Look look) {
  return View(explanation, look).text();
}

}  // namespace doorward::cli
