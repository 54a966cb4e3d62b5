#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "catalogue/argument.h"
#include "base/text.h"
#include "catalogue/recommendation.h"
#include "catalogue/stack.h"
#include "json/reader.h"
#include "json/writer.h"
#include "policy/glob.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kMostNamed = 6;

// A segment `..`, also where its dots or the bars around it are written with percent signs.
constexpr std::string_view kLeavesDirectory = R"((?i)(^|[/\\]|%2f|%5c)(\.|%2e){2}([/\\]|%2f|%5c|$))";
constexpr std::string_view kLeavesDirectoryText = "A path with a .. in it is refused.";

// A host that is an address, a name without a dot, or one of a private zone; names are not resolved. What is no plain
// http(s) URL (user info, odd spellings of addresses, other schemes) is an error to `url_host`, which refuses it.
constexpr std::string_view kPrivateHost =
    R"((?i)^https?://(\[|[0-9.]+([:/?#]|$)|[^./?#:]*([:/?#]|$)|[^/?#:]*\.(localhost|local|internal|intranet|lan|home|corp)([:/?#]|$)))";
constexpr std::string_view kPrivateHostText = "Only http(s) URLs of public hosts, by their names, are let through.";

Treatment by_category(Category category) {
  switch (category) {
    case Category::read:
      return Treatment::runs;
    case Category::write:
      return Treatment::thirty;
    case Category::execute:
      return Treatment::ten;
    case Category::destructive:
      return Treatment::hidden;
    case Category::financial:
      return Treatment::asks;
    case Category::other:
      break;
  }
  return Treatment::sixty;
}

Treatment by_severity(Severity severity) {
  switch (severity) {
    case Severity::low:
      return Treatment::runs;
    case Severity::medium:
      return Treatment::thirty;
    case Severity::high:
      return Treatment::ten;
    case Severity::critical:
      break;
  }
  return Treatment::asks;
}

struct Limit {
  std::string_view window;
  int max;
};

Limit limit_of(Treatment treatment) {
  switch (treatment) {
    case Treatment::sixty:
      return {"minute", 60};
    case Treatment::thirty:
      return {"minute", 30};
    case Treatment::ten:
      return {"minute", 10};
    default:
      return {"hour", 10};
  }
}

std::string quoted(std::string_view text) {
  return json::quoted(text, json::Escape::ascii);
}

std::string limit_text(std::string_view counter, Limit limit) {
  return "{\"counter\": " + quoted(counter) + ", \"window\": \"" + std::string(limit.window) +
         "\", \"max\": " + std::to_string(limit.max) + ", \"scope\": \"grant\"}";
}

/// One tool of the document.
struct Line {
  const ToolRecord* tool;
  Treatment treatment;
  std::vector<std::string> refusals;  ///< entries of deny_if
};

std::string refusal(const std::string& path, std::string_view op, const std::string& value, std::string_view text) {
  return "{\"conditions\": [{\"path\": " + quoted(path) + ", \"op\": " + quoted(op) + ", \"value\": " + value +
         "}], \"on_deny\": " + quoted(text) + "}";
}

/// Whether the argument is a whole URL, and not a host or the path of one.
bool takes_whole_url(const Argument& argument) {
  const std::string_view format = json::text_of(argument.schema, "format");
  if (format == "uri" || format == "url") return true;
  return text_kind({}, argument.name) == TextKind::url && argument.name.find("endpoint") == std::string::npos;
}

/// Rules over arguments: only where a signal names the argument and its type is text, since a rule over text refuses
/// every value of another type.
std::vector<std::string> refusals_of(const ToolRecord& tool) {
  std::vector<std::string> refusals;
  json::Reader reader;
  const auto root = reader.read(tool.definition);
  if (!root) return refusals;
  for (const Argument& argument : arguments_of(risk::facts_of(tool.server, *root), tool.classification.signals)) {
    const bool text = argument.types == risk::Types(risk::Types::string) ||
                      argument.types == risk::Types(risk::Types::string | risk::Types::null);
    if (!argument.by_signal || !text || argument.choices || !policy::parse_path(argument.text)) continue;
    if (argument.kind == TextKind::path) {
      refusals.push_back(refusal(argument.text, "regex", quoted(kLeavesDirectory), kLeavesDirectoryText));
    } else if (argument.kind == TextKind::url && takes_whole_url(argument)) {
      refusals.push_back(refusal(argument.text, "url_host", R"(["localhost"])", kPrivateHostText));
      refusals.push_back(refusal(argument.text, "regex", quoted(kPrivateHost), kPrivateHostText));
    }
  }
  return refusals;
}

std::string block_of(const Line& line) {
  std::vector<std::string> fields;
  if (line.treatment == Treatment::asks) fields.push_back("\"action\": \"approve\"");
  if (!line.refusals.empty()) {
    std::string list;
    for (const std::string& entry : line.refusals) list += (list.empty() ? "" : ", ") + entry;
    fields.push_back("\"deny_if\": [" + list + "]");
  }
  if (line.treatment != Treatment::runs && line.treatment != Treatment::asks) {
    fields.push_back("\"limits\": [" + limit_text(line.tool->name + "_rate", limit_of(line.treatment)) + "]");
  }
  std::string block = "{";
  for (const std::string& field : fields) block += (block.size() == 1 ? "" : ", ") + field;
  return block + "}";
}

std::string names_of(const std::vector<const Line*>& lines) {
  std::string names;
  for (std::size_t i = 0; i < std::min(lines.size(), kMostNamed); ++i) {
    names += (i == 0 ? "" : ", ") + lines[i]->tool->name;
  }
  if (lines.size() > kMostNamed) names += " and " + std::to_string(lines.size() - kMostNamed) + " more";
  return names;
}

class Document {
 public:
  Document(std::span<const ToolRecord> tools, Posture posture) : posture_(posture) {
    std::set<std::string_view> outers;
    for (const ToolRecord& tool : tools) {
      if (!tool.gone && !tool.outer.empty()) outers.insert(tool.outer);
    }
    std::map<std::string_view, const ToolRecord*> by_name;
    for (const ToolRecord& tool : tools) {
      if (tool.gone) continue;
      const ToolRecord*& kept = by_name[tool.name];
      if (kept == nullptr || riskier(tool, *kept)) kept = &tool;
    }
    for (const auto& [name, tool] : by_name) {
      if (name.empty() || policy::is_glob(name)) {
        patterns_.emplace_back(name);
      } else if (outers.contains(name)) {
        outers_.emplace_back(name);
      } else {
        add(*tool);
      }
    }
    // The mildest first, as a reader looks for what is allowed; within that by name, which they are sorted by.
    std::stable_sort(lines_.begin(), lines_.end(), [](const Line& a, const Line& b) { return a.treatment < b.treatment; });
  }

  ServerPolicy write() const {
    ServerPolicy result;
    std::string& out = result.policy;
    out = "{\n  \"version\": \"1\",\n  \"description\": " + quoted(description()) + ",\n  \"default\": ";
    out += posture_ == Posture::permissive ? "\"allow\"" : "\"deny\"";
    write_hidden(out);
    out += ",\n  \"all_tools\": {\"limits\": [" + limit_text("calls-per-minute", {"minute", calls_a_minute()}) + "]}";
    write_tools(out);
    out += "\n}\n";
    result.why = reasons();
    return result;
  }

 private:
  void add(const ToolRecord& tool) {
    Line line{&tool, treatment_of(tool.classification, posture_), {}};
    if (posture_ != Posture::permissive && line.treatment != Treatment::hidden) line.refusals = refusals_of(tool);
    lines_.push_back(std::move(line));
  }

  int calls_a_minute() const { return posture_ == Posture::strict ? 60 : posture_ == Posture::recommended ? 120 : 240; }

  std::vector<const Line*> of(Treatment treatment) const {
    std::vector<const Line*> lines;
    for (const Line& line : lines_) {
      if (line.treatment == treatment) lines.push_back(&line);
    }
    return lines;
  }

  std::string description() const {
    std::string text(to_string(posture_));
    text.front() = static_cast<char>(text.front() - 32);
    return text + " policy for " + plural_of(lines_.size(), "tool");
  }

  void write_hidden(std::string& out) const {
    const auto hidden = of(Treatment::hidden);
    if (hidden.empty()) return;
    out += ",\n  \"hide\": [";
    for (std::size_t i = 0; i < hidden.size(); ++i) out += (i == 0 ? "\n    " : ",\n    ") + quoted(hidden[i]->tool->name);
    out += "\n  ]";
  }

  void write_tools(std::string& out) const {
    bool first = true;
    for (const Line& line : lines_) {
      if (line.treatment == Treatment::hidden) continue;
      if (posture_ == Posture::permissive && line.treatment == Treatment::runs) continue;
      out += first ? ",\n  \"tools\": {\n    " : ",\n    ";
      first = false;
      out += quoted(line.tool->name) + ": " + block_of(line);
    }
    if (!first) out += "\n  }";
  }

  std::vector<std::string> reasons() const {
    std::vector<std::string> reasons;
    const auto say = [&](Treatment treatment, std::string_view what) {
      const auto lines = of(treatment);
      if (!lines.empty()) reasons.push_back(plural_of(lines.size(), "tool") + " " + std::string(what) + ": " + names_of(lines) + ".");
    };
    const bool open = posture_ == Posture::permissive;
    say(Treatment::runs, open ? "may be called freely" : "may be called freely (read-only)");
    say(Treatment::sixty, "may be called 60 times a minute, for nothing says what is done");
    say(Treatment::thirty, "may be called 30 times a minute, by category or severity (medium)");
    say(Treatment::ten, "may be called 10 times a minute, by category or severity (high)");
    say(Treatment::ten_an_hour, "may be called 10 times an hour, by severity (critical)");
    say(Treatment::asks, posture_ == Posture::strict ? "must wait for a person at each call, for more is done than reading"
                                                     : "must wait for a person at each call, by severity (critical)");
    say(Treatment::hidden, posture_ == Posture::strict ? "must stay hidden, by severity (critical)"
                                                       : "must stay hidden, for what is destroyed does not come back");
    say_refusals(reasons, kLeavesDirectoryText, "must refuse paths that leave their directory");
    say_refusals(reasons, kPrivateHostText, "must take URLs of public hosts only (names are not resolved)");
    if (!outers_.empty()) {
      reasons.push_back("Not named, because their actions are: " + joined(outers_) +
                        (open ? "." : "; a call of one without an action is refused."));
    }
    if (!patterns_.empty()) {
      reasons.push_back("Not named, because their names are patterns to a policy: " + joined(patterns_) +
                        (open ? "; they are allowed." : "; they are refused."));
    }
    return reasons;
  }

  void say_refusals(std::vector<std::string>& reasons, std::string_view text, std::string_view what) const {
    std::vector<const Line*> lines;
    for (const Line& line : lines_) {
      const bool holds = std::ranges::any_of(
          line.refusals, [&](const std::string& entry) { return entry.find(text) != std::string::npos; });
      if (holds) lines.push_back(&line);
    }
    if (!lines.empty()) reasons.push_back(plural_of(lines.size(), "tool") + " " + std::string(what) + ": " + names_of(lines) + ".");
  }

  static std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
    return out;
  }

  Posture posture_;
  std::vector<Line> lines_;
  std::vector<std::string> outers_;
  std::vector<std::string> patterns_;
};

}  // namespace

Treatment treatment_of(const risk::Classification& classification, Posture posture) {
  const Treatment usual = std::max(by_category(classification.category), by_severity(classification.severity));
  const bool critical =
      classification.severity == Severity::critical || category_severity(classification.category) == Severity::critical;
  switch (posture) {
    case Posture::recommended:
      return usual;
    case Posture::strict:
      if (critical) return Treatment::hidden;
      return usual == Treatment::runs ? Treatment::runs : Treatment::asks;
    case Posture::permissive:
      break;
  }
  return critical ? Treatment::ten_an_hour : usual == Treatment::sixty ? Treatment::runs : usual;
}

ServerPolicy recommend(std::span<const ToolRecord> tools, Posture posture) {
  return Document(tools, posture).write();
}

}  // namespace doorward::catalogue
