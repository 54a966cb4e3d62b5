#include "catalogue/implementation.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>

#include "base/text.h"
#include "catalogue/english.h"
#include "catalogue/script_tokens.h"
#include "catalogue/source_map.h"

namespace doorward::catalogue {
namespace {

using Kind = ScriptToken::Kind;
constexpr std::uint32_t kNone = ScriptToken::kNone;
/// Bounds of the work for one tool, whatever the files hold.
constexpr int kMostNested = 8;
constexpr std::size_t kMostUses = 1024;
constexpr std::size_t kMostCalls = 64;

/// Tokens of one file, `first` to `last`, both included.
struct Span {
  std::size_t file = 0;
  std::size_t first = 0;
  std::size_t last = 0;
};

struct File {
  const SourceFile* source;
  Script script;
  std::optional<SourceMap> map;
  std::unordered_map<std::string, std::vector<std::uint32_t>>
      texts;  ///< strings that are asked for, by value
  std::unordered_map<std::string_view, std::vector<std::uint32_t>> words;

  explicit File(const SourceFile& from) : source(&from), script(from.text) {}
};

bool is_typescript(std::string_view path) {
  return path.ends_with(".ts") || path.ends_with(".tsx") || path.ends_with(".mts") || path.ends_with(".cts");
}
bool is_script(std::string_view path) {
  if (path.ends_with(".d.ts") || path.ends_with(".d.mts") || path.ends_with(".d.cts")) return false;
  return is_typescript(path) || path.ends_with(".js") || path.ends_with(".mjs") || path.ends_with(".cjs") ||
         path.ends_with(".jsx");
}
bool is_test(std::string_view path) {
  const std::string low = lower(path);
  return low.find("test") != std::string::npos || low.find("/docs/") != std::string::npos ||
         low.find("example") != std::string::npos;
}

/// The members by which the libraries of the protocol are told of a schema and of a handler.
bool is_schema_key(std::string_view key) {
  constexpr std::array<std::string_view, 7> kKeys = {"inputSchema",  "parameters", "input_schema", "schema",
                                                     "paramsSchema", "args",       "input"};
  return std::ranges::find(kKeys, key) != kKeys.end();
}
bool is_handler_key(std::string_view key) {
  constexpr std::array<std::string_view, 8> kKeys = {"handler",  "execute", "handle", "run",
                                                     "callback", "cb",      "call",   "func"};
  return std::ranges::find(kKeys, key) != kKeys.end();
}
bool registers(std::string_view callee) {
  const std::string low = lower(callee);
  return low.find("tool") != std::string::npos || low == "register" || low == "define";
}

class Finder {
 public:
  Finder(std::span<const SourceFile> files, std::span<const std::string> tools) {
    const std::set<std::string, std::less<>> wanted(tools.begin(), tools.end());
    std::map<std::string_view, const SourceFile*> maps;
    for (const SourceFile& file : files) {
      if (file.path.ends_with(".map")) maps.emplace(file.path, &file);
    }
    for (const SourceFile& source : files) {
      if (!is_script(source.path)) continue;
      auto file = std::make_unique<File>(source);
      for (std::uint32_t i = 0; i < file->script.size(); ++i) {
        const ScriptToken& token = file->script[i];
        if (token.kind == Kind::word) {
          auto& uses = file->words[file->script.spelled(i)];
          if (uses.size() < kMostUses) uses.push_back(i);
        } else if (token.kind == Kind::text && token.end - token.begin <= 300) {
          std::string value = file->script.value(i);
          if (!wanted.contains(value)) continue;
          auto& uses = file->texts[std::move(value)];
          if (uses.size() < kMostUses) uses.push_back(i);
        }
      }
      if (const std::string& named = file->script.source_map();
          !named.empty() && named.find(':') == std::string::npos) {
        const std::size_t slash = source.path.rfind('/');
        const std::string path = (slash == std::string::npos ? "" : source.path.substr(0, slash + 1)) + named;
        if (const auto found = maps.find(path); found != maps.end())
          file->map = SourceMap::read(found->second->text);
      }
      files_.push_back(std::move(file));
    }
    // Sources before what was built of them, tests last; else in the order of their names.
    std::ranges::sort(files_, {}, [](const std::unique_ptr<File>& file) {
      const std::string& path = file->source->path;
      return std::make_tuple(is_test(path), !is_typescript(path), path);
    });
  }

  std::size_t files() const { return files_.size(); }

  std::optional<Implementation> find(const std::string& tool) const {
    std::optional<Found> best;
    for (std::size_t file = 0; file < files_.size(); ++file) {
      const auto texts = files_[file]->texts.find(tool);
      if (texts == files_[file]->texts.end()) continue;
      for (const std::uint32_t at : texts->second) {
        std::optional<Found> found = look(file, at);
        if (found && (!best || found->points > best->points)) best = std::move(found);
      }
    }
    if (!best) return std::nullopt;
    if (!best->handler) best->handler = elsewhere(tool, best->registration.file);
    Implementation implementation;
    implementation.tool = tool;
    add(implementation, PlaceRole::registration, best->registration);
    if (best->schema) add(implementation, PlaceRole::schema, *best->schema);
    if (best->handler) {
      add(implementation, PlaceRole::handler, *best->handler);
      if (const auto service = service_of(*best->handler)) add(implementation, PlaceRole::service, *service);
    }
    return implementation;
  }

 private:
  struct Found {
    int points = 0;
    Span registration;
    std::optional<Span> schema;
    std::optional<Span> handler;
  };

  const Script& script(std::size_t file) const { return files_[file]->script; }

  /// What an occurrence of the name registers, if anything.
  std::optional<Found> look(std::size_t file, std::size_t at) const {
    const Script& s = script(file);
    const std::uint32_t inside = s[at].inside;
    if (inside != kNone && s.is(inside, "(") && at == inside + 1) return of_call(file, inside, 10);
    if (at >= 2 && s.is(at - 1, ":") && s.is(at - 2, "name") && inside != kNone && s.is(inside, "{"))
      return of_object(file, inside);
    // `const name = "x"`, then `register(name, ...)`.
    if (at >= 2 && s.is(at - 1, "=") && s.is_word(at - 2)) return of_constant(file, at - 2);
    return std::nullopt;
  }

  /// The name of the function that a call's bracket belongs to, or empty.
  std::string_view callee(const Script& s, std::size_t open) const {
    std::size_t at = open;
    // `addTool<Arguments>(`: passes over what stands between the angles.
    if (at > 0 && s.is(at - 1, ">")) {
      while (at > 0 && !s.is(at - 1, "<") && open - at < 64) --at;
      at = at > 0 ? at - 1 : 0;
    }
    return at > 0 && s.is_word(at - 1) ? s.spelled(at - 1) : std::string_view();
  }

  /// Where the expression begins that a call ends: `await server.tool(`.
  std::size_t chain_begin(const Script& s, std::size_t open) const {
    std::size_t at = open;
    while (at > 0) {
      const std::size_t before = at - 1;
      const bool part = s.is_word(before) || s.is(before, ".") || s.is(before, "?");
      if (s.is(before, ")") && s[before].partner != kNone)
        at = s[before].partner;
      else if (part && s.spelled(before) != "return" && s.spelled(before) != "await")
        at = before;
      else
        break;
    }
    return at;
  }

  /// The arguments of a call, or the elements of what a bracket holds, cut at its commas.
  std::vector<Span> parts(std::size_t file, std::size_t open) const {
    const Script& s = script(file);
    std::vector<Span> out;
    const std::uint32_t close = s[open].partner;
    if (close == kNone) return out;
    std::size_t begin = open + 1;
    for (std::size_t i = open + 1; i <= close && out.size() < 4096; ++i) {
      if (i == close || s.is(i, ",")) {
        if (i > begin) out.push_back({file, begin, i - 1});
        begin = i + 1;
      } else if (s[i].partner != kNone && s[i].partner > i) {
        i = s[i].partner;
      }
    }
    return out;
  }

  std::optional<Found> of_call(std::size_t file, std::size_t open, int points) const {
    const Script& s = script(file);
    const std::uint32_t close = s[open].partner;
    if (close == kNone || !registers(callee(s, open))) return std::nullopt;
    Found found;
    found.points = points - (is_test(files_[file]->source->path) ? 20 : 0);
    found.registration = {file, chain_begin(s, open), s.is(close + 1, ";") ? close + 1 : close};
    const std::vector<Span> arguments = parts(file, open);
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      const Span& one = arguments[i];
      if (s[one.first].kind == Kind::text) continue;
      if (is_function(one)) {
        found.handler = one;
      } else if (s.is(one.first, "{")) {
        from_members(one, found, i);
      } else if (s.is_word(one.first)) {
        from_reference(one, found, i + 1 == arguments.size());
      }
    }
    return found;
  }

  /// An argument that names something: the schema, a configuration that holds it, or the handler.
  void from_reference(const Span& one, Found& found, bool last) const {
    const std::optional<Span> meant = resolve(one);
    if (!meant) return;
    const Script& s = script(meant->file);
    if (is_function(*meant) || is_declared_function(*meant)) {
      found.handler = *meant;
      return;
    }
    const std::size_t value = value_begin(*meant);
    if (s.is(value, "{") && s[value].partner != kNone) {
      Found inner;
      from_members({meant->file, value, s[value].partner}, inner, 0);
      if (inner.schema || inner.handler) {
        if (inner.schema && !found.schema) found.schema = inner.schema;
        if (inner.handler && !found.handler) found.handler = inner.handler;
        return;
      }
    }
    if (!last || !found.schema) found.schema = *meant;
  }

  /// The schema and the handler among the members of an object; where none is named so and the object stands
  /// where the schema of a call does, the object itself.
  void from_members(const Span& object, Found& found, std::size_t place) const {
    const Script& s = script(object.file);
    bool known = false;
    for (const Span& member : parts(object.file, object.first)) {
      std::size_t name = member.first;
      if (s.is(name, "async")) ++name;
      if (!s.is_word(name) && s[name].kind != Kind::text) continue;
      const std::string key = s[name].kind == Kind::text ? s.value(name) : std::string(s.spelled(name));
      const bool schema = is_schema_key(key);
      const bool handler = is_handler_key(key);
      if (key == "description" || key == "title" || key == "annotations" || key == "readOnlyHint" ||
          key == "destructiveHint")
        known = true;
      if (!schema && !handler) continue;
      known = true;
      Span value{object.file, name + 1 < member.last && s.is(name + 1, ":") ? name + 2 : name, member.last};
      if (value.first > value.last) continue;
      std::optional<Span> meant = value;
      if (s.is_word(value.first) && !is_function(value) &&
          !(handler && value.first == name && s.is(name + 1, "("))) {
        if (auto resolved = resolve(value)) meant = resolved;
      }
      if (schema && !found.schema)
        found.schema = schema && meant->file == object.file && meant->first == value.first ? member : *meant;
      if (handler && !found.handler)
        found.handler = meant->file == object.file && meant->first == value.first ? member : *meant;
    }
    if (!known && place > 0 && !found.schema) found.schema = object;
  }

  std::optional<Found> of_object(std::size_t file, std::size_t open) const {
    const Script& s = script(file);
    const std::uint32_t close = s[open].partner;
    if (close == kNone) return std::nullopt;
    Found found;
    from_members({file, open, close}, found, 0);
    // `addTool({name: ...})`, or `registerTool({name: ...}, handler)`.
    const std::uint32_t outer = s[open].inside;
    if (outer != kNone && s.is(outer, "(") && s[outer].partner != kNone && registers(callee(s, outer))) {
      std::optional<Found> call = of_call(file, outer, 10);
      if (call) {
        if (found.schema) call->schema = found.schema;
        if (found.handler) call->handler = found.handler;
        return call;
      }
    }
    if (!found.schema && !found.handler) return std::nullopt;
    found.points = (found.schema && found.handler ? 9 : 7) - (is_test(files_[file]->source->path) ? 20 : 0);
    found.registration = {file, open, close};
    return found;
  }

  std::optional<Found> of_constant(std::size_t file, std::size_t word) const {
    const Script& s = script(file);
    const auto uses = files_[file]->words.find(s.spelled(word));
    for (const std::uint32_t use : uses->second) {
      if (use == word) continue;
      const std::uint32_t inside = s[use].inside;
      if (inside == kNone) continue;
      std::optional<Found> found;
      if (s.is(inside, "(") && use == inside + 1)
        found = of_call(file, inside, 9);
      else if (s.is(inside, "{") && (s.is(use - 1, ":") || s.is(use - 1, "{") || s.is(use - 1, ",")) &&
               (s.is(use, "name") || s.is(use - 2, "name")))
        found = of_object(file, inside);
      if (found) return found;
    }
    return std::nullopt;
  }

  /// A branch for the name: `case "x":`, `=== "x"`, `"x": (arguments) => ...`.
  std::optional<Span> elsewhere(const std::string& tool, std::size_t first_file) const {
    for (std::size_t n = 0; n < files_.size(); ++n) {
      const std::size_t file = n == 0 ? first_file : n <= first_file ? n - 1 : n;
      const auto texts = files_[file]->texts.find(tool);
      if (texts == files_[file]->texts.end() || is_test(files_[file]->source->path)) continue;
      const Script& s = script(file);
      for (const std::uint32_t at : texts->second) {
        if (at > 0 && s.is(at - 1, "case") && s.is(at + 1, ":")) return case_block(file, at);
        if (at > 1 && s.is(at - 1, "=") && s.is(at - 2, "=")) {
          const std::uint32_t inside = s[at].inside;
          const std::uint32_t close = inside == kNone ? kNone : s[inside].partner;
          if (close != kNone && s.is(close + 1, "{") && s[close + 1].partner != kNone && inside > 0 &&
              s.is(inside - 1, "if")) {
            return Span{file, inside - 1, s[close + 1].partner};
          }
        }
        if (s.is(at + 1, ":") && s[at].inside != kNone && s.is(s[at].inside, "{")) {
          const Span value{file, at + 2, member_end(s, at + 2)};
          if (is_function(value)) return Span{file, at, value.last};
        }
      }
    }
    return std::nullopt;
  }

  static std::size_t member_end(const Script& s, std::size_t at) {
    for (; at + 1 < s.size(); ++at) {
      if (s[at].partner != kNone && s[at].partner > at) at = s[at].partner;
      if (at + 1 >= s.size() || s.is(at + 1, ",") || s.is(at + 1, ";") || s.is(at + 1, "}") ||
          s.is(at + 1, ")") || s.is(at + 1, "]"))
        break;
    }
    return std::min(at, s.size() - 1);
  }

  static Span case_block(std::size_t file, const Script& s, std::size_t at) {
    std::size_t last = at + 1;
    for (std::size_t i = at + 2; i < s.size(); ++i) {
      if (s.is(i, "case") || s.is(i, "default") || s.is(i, "}")) break;
      if (s[i].partner != kNone && s[i].partner > i) i = s[i].partner;
      last = i;
    }
    return {file, at - 1, last};
  }
  Span case_block(std::size_t file, std::size_t at) const { return case_block(file, script(file), at); }

  /// `(a) => ...`, `async a => ...`, `function ...`, `async function ...`.
  bool is_function(const Span& span) const {
    const Script& s = script(span.file);
    std::size_t at = span.first;
    if (s.is(at, "async")) ++at;
    if (at > span.last) return false;
    if (s.is(at, "function")) return true;
    if (s.is(at, "(") && s[at].partner != kNone) {
      for (std::size_t i = s[at].partner + 1; i <= span.last && i < s[at].partner + 64; ++i) {
        if (s.is(i, "=>")) return true;
        if (s.is(i, "{") || s.is(i, ",")) return false;
      }
      return false;
    }
    return s.is_word(at) && s.is(at + 1, "=>");
  }
  bool is_declared_function(const Span& span) const {
    const Script& s = script(span.file);
    for (std::size_t i = span.first; i <= span.last && i < span.first + 4; ++i) {
      if (s.is(i, "function")) return true;
      if (s.is(i, "=")) return is_function({span.file, i + 1, span.last});
    }
    return s.is_word(span.first) && s.is(span.first + 1, "(") && s.is(span.last, "}");
  }

  /// Behind the `=` of a declaration, or the `:` of a member.
  std::size_t value_begin(const Span& span) const {
    const Script& s = script(span.file);
    for (std::size_t i = span.first; i <= span.last && i < span.first + 24; ++i) {
      if (s.is(i, "=") || (s.is(i, ":") && i == span.first + 1)) return i + 1;
    }
    return span.first;
  }

  /// What `A`, `A.b` or `f(A.b)` names, declared in this file or else in another of the package.
  std::optional<Span> resolve(const Span& expression, int depth = 0) const {
    const Script& s = script(expression.file);
    std::size_t at = expression.first;
    if (s.is(at, "this") && s.is(at + 1, ".")) at += 2;
    // `zodToJsonSchema(X)`, `z.object(X)`: what is inside counts where it is a name.
    if (depth < kMostNested && s.is(at + 1, "(") && at + 2 <= expression.last && s.is_word(at + 2) &&
        s[at + 1].partner != kNone) {
      if (auto inner = resolve({expression.file, at + 2, s[at + 1].partner - 1}, depth + 1)) return inner;
    }
    if (!s.is_word(at)) return std::nullopt;
    const std::string_view name = s.spelled(at);
    const std::string_view member = s.is(at + 1, ".") && s.is_word(at + 2) && at + 2 <= expression.last
                                        ? s.spelled(at + 2)
                                        : std::string_view();
    for (std::size_t n = 0; n < files_.size(); ++n) {
      const std::size_t file = n == 0 ? expression.file : n <= expression.file ? n - 1 : n;
      const std::optional<Span> declared = declaration(file, name);
      if (!declared) continue;
      if (!member.empty()) {
        if (auto inner = member_of(*declared, member)) return inner;
      }
      return declared;
    }
    return std::nullopt;
  }

  std::optional<Span> declaration(std::size_t file, std::string_view name) const {
    const Script& s = script(file);
    const auto uses = files_[file]->words.find(name);
    if (uses == files_[file]->words.end()) return std::nullopt;
    for (const std::uint32_t at : uses->second) {
      if (at == 0) continue;
      if (s.is(at - 1, "function")) {
        const std::uint32_t arguments = at + 1;
        if (!s.is(arguments, "(") || s[arguments].partner == kNone) continue;
        for (std::size_t i = s[arguments].partner + 1; i < s.size() && i < s[arguments].partner + 64; ++i) {
          if (s.is(i, "{") && s[i].partner != kNone)
            return Span{file, s.is(at - 2, "async") ? at - 2 : at - 1, s[i].partner};
        }
      } else if (s.is(at - 1, "const") || s.is(at - 1, "let") || s.is(at - 1, "var")) {
        std::size_t equals = at + 1;
        while (equals < s.size() && equals < at + 40 && !s.is(equals, "=") && !s.is(equals, ";")) ++equals;
        if (!s.is(equals, "=") || equals + 1 == s.size()) continue;
        return Span{file, at - 1, expression_end(s, equals + 1)};
      }
    }
    return std::nullopt;
  }

  /// The last token of an expression that begins here: up to a semicolon, a comma, a closing bracket, or a
  /// line that begins something else.
  static std::size_t expression_end(const Script& s, std::size_t at) {
    std::size_t last = at;
    for (std::size_t i = at; i < s.size(); ++i) {
      const bool closes = s.is(i, "}") || s.is(i, ")") || s.is(i, "]");
      if (s.is(i, ";") || s.is(i, ",") || (closes && (s[i].partner == kNone || s[i].partner < at))) break;
      if (i > at && s[i].line > s[last].last_line && s.is_word(i) && !s.is(last, "=>") && !s.is(last, "=") &&
          !s.is(last, ".") && (s[last].kind != Kind::mark || s[last].partner != kNone)) {
        break;
      }
      if (s[i].partner != kNone && s[i].partner > i) i = s[i].partner;
      last = i;
    }
    return last;
  }

  /// A member of the first object that a declaration holds.
  std::optional<Span> member_of(const Span& declared, std::string_view name) const {
    const Script& s = script(declared.file);
    std::size_t open = declared.first;
    while (open <= declared.last && !s.is(open, "{")) ++open;
    if (open > declared.last) return std::nullopt;
    for (const Span& member : parts(declared.file, open)) {
      const bool named =
          s.is(member.first, name) || (s[member.first].kind == Kind::text && s.value(member.first) == name);
      if (named) return member;
    }
    return std::nullopt;
  }

  /// The function of the package that a handler calls: of its calls the first awaited one through an object
  /// whose method is defined in the package, and one definition only where several classes have it.
  std::optional<Span> service_of(const Span& handler) const {
    const Script& s = script(handler.file);
    std::size_t calls = 0;
    for (std::size_t i = handler.first + 1; i + 1 <= handler.last && calls < kMostCalls; ++i) {
      if (!s.is_word(i) || !s.is(i + 1, "(") || !s.is(i - 1, ".")) continue;
      const std::size_t begin = chain_begin(s, i + 1);
      if (begin == 0 || !s.is(begin - 1, "await")) continue;
      ++calls;
      const std::string_view owner = i >= 2 && s.is_word(i - 2) ? s.spelled(i - 2) : std::string_view();
      if (auto method = method_named(handler.file, s.spelled(i), owner)) {
        const bool itself =
            method->file == handler.file && method->first >= handler.first && method->last <= handler.last;
        if (!itself) return method;
      }
    }
    return std::nullopt;
  }

  std::optional<Span> method_named(std::size_t first_file, std::string_view name,
                                   std::string_view owner) const {
    for (std::size_t n = 0; n < files_.size(); ++n) {
      const std::size_t file = n == 0 ? first_file : n <= first_file ? n - 1 : n;
      const Script& s = script(file);
      const auto uses = files_[file]->words.find(name);
      if (uses == files_[file]->words.end()) continue;
      std::vector<Span> methods;
      std::optional<Span> owned;
      for (const std::uint32_t at : uses->second) {
        if (!s.is(at + 1, "(") || s[at + 1].partner == kNone ||
            (at > 0 && (s.is(at - 1, ".") || s.is(at - 1, "function"))))
          continue;
        std::size_t body = s[at + 1].partner + 1;
        while (body < s.size() && body < s[at + 1].partner + 32 && !s.is(body, "{") && !s.is(body, ";") &&
               !s.is(body, ")") && !s.is(body, ","))
          ++body;
        const std::uint32_t inside = s[at].inside;
        if (!s.is(body, "{") || s[body].partner == kNone || inside == kNone || !s.is(inside, "{")) continue;
        if (s.is(at, "if") || s.is(at, "for") || s.is(at, "while") || s.is(at, "switch") || s.is(at, "catch"))
          continue;
        const Span method{file, at > 0 && s.is(at - 1, "async") ? at - 1 : at, s[body].partner};
        methods.push_back(method);
        if (!owned && !owner.empty() && holds_owner(s, inside, owner)) owned = method;
      }
      if (owned) return owned;
      if (methods.size() == 1) return methods.front();
      if (!methods.empty()) return std::nullopt;
    }
    return std::nullopt;
  }

  /// Whether the class whose body opens here is called after the owner: `service.keys` and `class
  /// KeysService`.
  static bool holds_owner(const Script& s, std::size_t body, std::string_view owner) {
    const std::string wanted = lower(owner);
    for (std::size_t i = body; i > 0 && body - i < 12; --i) {
      if (s.is(i - 1, "class") && s.is_word(i)) return lower(s.spelled(i)).find(wanted) != std::string::npos;
    }
    return false;
  }

  void add(Implementation& implementation, PlaceRole role, const Span& span) const {
    const File& file = *files_[span.file];
    CodePlace place;
    place.role = role;
    place.file = file.source->path;
    place.first = file.script[span.first].line;
    place.last = file.script[span.last].last_line;
    if (file.map) {
      if (const auto from = file.map->place_of(place.first, place.last)) {
        place.built_from = from->file;
        place.built_first = from->first;
        place.built_last = from->last;
      }
    } else {
      for (const Script::Origin& origin : file.script.origins()) {
        if (origin.line > place.first) break;
        place.built_from = origin.file;
      }
    }
    implementation.places.push_back(std::move(place));
  }

  std::vector<std::unique_ptr<File>> files_;
};

}  // namespace

std::string_view to_string(PlaceRole role) {
  constexpr std::array<std::string_view, 4> kNames = {"registration", "schema", "handler", "service"};
  return kNames[static_cast<std::size_t>(role)];
}

Located locate_tools(std::span<const SourceFile> files, std::span<const std::string> tools,
                     const Package& package) {
  const Finder finder(files, tools);
  Located located;
  located.files = finder.files();
  for (const std::string& tool : tools) {
    if (auto found = finder.find(tool)) {
      found->package = package;
      located.tools.push_back(std::move(*found));
    }
  }
  return located;
}

}  // namespace doorward::catalogue
