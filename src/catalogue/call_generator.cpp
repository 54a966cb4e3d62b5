#include "catalogue/call_generator.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "catalogue/argument.h"
#include "catalogue/sample_value.h"
#include "json/reader.h"
#include "json/writer.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kLongestShown = 60;
constexpr std::size_t kMostChoices = 12;    ///< of one enumeration
constexpr std::size_t kMostArguments = 48;  ///< that are varied

constexpr std::array<std::string_view, 5> kTraversals = {"../../../../etc/passwd", "/data/../../etc/shadow", "..\\..\\secrets",
                                                         "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd"};
constexpr std::array<std::string_view, 8> kAddresses = {
    "http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:8080/", "http://localhost/admin", "http://10.0.0.5/",
    "http://[::1]/", "http://2130706433/", "https://unknown-host.example.net/collect", "file:///etc/passwd"};
constexpr std::array<std::string_view, 4> kInjections = {"$(id)", "x; rm -rf /", "1; DROP TABLE users; --", "' OR '1'='1"};

std::string json_of(const Sample& sample) {
  std::string out;
  sample.write(out);
  return out;
}

std::string shown(std::string_view json) {
  if (json.size() <= kLongestShown) return std::string(json);
  std::size_t cut = kLongestShown;
  while (cut > 0 && (static_cast<unsigned char>(json[cut]) & 0xc0) == 0x80) --cut;
  return std::string(json.substr(0, cut)) + "...";
}

/// A value at the edge of a condition; none: the path is left out.
struct Edge {
  std::string json;
  bool missing = false;
};

std::string neighbour(std::string_view number, int by) {
  const json::Decimal decimal(number);
  if (const auto whole = decimal.to_integer(); whole && *whole > INT64_MIN + 1 && *whole < INT64_MAX - 1) {
    return std::to_string(*whole + by);
  }
  // Next to a number that is no whole one: far enough on either side.
  return by > 0 ? "1e300" : "-1e300";
}

/// Values on both sides of what a condition asks.
std::vector<Edge> edges_of(const policy::Condition& condition) {
  using policy::Op;
  std::vector<Edge> edges;
  const json::Value value = condition.value;
  const auto add = [&](std::string json) { edges.push_back({std::move(json), false}); };
  const auto texts = [&](auto&& make) {
    if (value.is(json::Type::string)) return make(value.string());
    std::size_t count = 0;
    for (const json::Value one : value.elements()) {
      if (one.is(json::Type::string) && ++count <= 4) make(one.string());
    }
  };
  switch (condition.op) {
    case Op::eq:
    case Op::neq:
      add(json_of(Sample::copy_of(value)));
      if (value.is(json::Type::number)) add(neighbour(value.number(), 1));
      if (value.is(json::Type::string)) add(json::quoted(std::string(value.string()) + "x"));
      if (value.is(json::Type::boolean)) add(value.boolean() ? "false" : "true");
      break;
    case Op::lt:
    case Op::lte:
    case Op::gt:
    case Op::gte:
      if (!value.is(json::Type::number)) break;
      for (const int by : {-1, 0, 1}) add(by == 0 ? std::string(value.number()) : neighbour(value.number(), by));
      break;
    case Op::in:
    case Op::not_in: {
      std::size_t count = 0;
      for (const json::Value one : value.elements()) {
        if (++count <= kMostChoices) add(json_of(Sample::copy_of(one)));
      }
      if (value.at(0).is(json::Type::number)) {
        add("-987654321");
      } else {
        add("\"none of these\"");
      }
      break;
    }
    case Op::exists:
      add("\"given\"");
      add("1");
      break;
    case Op::regex:
      if (const auto match = sample_of_pattern(value.string())) add(json::quoted(*match));
      add("\"example\"");
      add("\"\"");
      break;
    case Op::contains:
      if (value.is(json::Type::string)) {
        add(json::quoted(value.string()));
        add(json::quoted("x" + std::string(value.string()) + "x"));
      }
      add("[" + json_of(Sample::copy_of(value)) + "]");
      add("\"example\"");
      add("[]");
      break;
    case Op::starts_with:
      texts([&](std::string_view text) { add(json::quoted(std::string(text) + "x")); });
      add("\"\\u0001\"");
      break;
    case Op::ends_with:
      texts([&](std::string_view text) { add(json::quoted("x" + std::string(text))); });
      add("\"\\u0001\"");
      break;
    case Op::path_under:
      texts([&](std::string_view text) {
        const std::string directory(text.ends_with('/') ? text.substr(0, text.size() - 1) : text);
        add(json::quoted(directory + "/example.txt"));
        add(json::quoted(directory + "/../example.txt"));
      });
      add("\"/elsewhere/example.txt\"");
      break;
    case Op::url_host:
      texts([&](std::string_view text) {
        const std::string host(text.starts_with("*.") ? text.substr(2) : text);
        add(json::quoted("https://" + std::string(text.starts_with("*.") ? "a." : "") + host + "/"));
      });
      add("\"https://unknown-host.example.net/\"");
      break;
    case Op::email_domain:
      texts([&](std::string_view text) {
        const std::string domain(text.starts_with("*.") ? "a." + std::string(text.substr(2)) : std::string(text));
        add(json::quoted("someone@" + domain));
      });
      add("\"someone@unknown-host.example.net\"");
      break;
    case Op::cidr:
      texts([&](std::string_view text) { add(json::quoted(text.substr(0, text.find('/')))); });
      add("\"203.0.113.99\"");
      add("\"2001:db8:ffff::1\"");
      break;
    case Op::length:
      for (const auto& [op, bound] : std::get<policy::LengthBounds>(*condition.operand).bounds) {
        for (const std::int64_t size : {bound - 1, bound, bound + 1}) {
          if (size >= 0 && size <= 5'000) add(json::quoted(std::string(static_cast<std::size_t>(size), 'a')));
        }
      }
      break;
  }
  edges.push_back({{}, true});
  return edges;
}

/// Whether the entry of a condition can let a call with that value pass.
bool lets_pass(const policy::Applied::Asked& asked, const Edge& edge, json::Reader& reader) {
  json::Value value;
  if (!edge.missing) {
    const auto read = reader.read(edge.json);
    if (!read) return false;
    value = *read;
  }
  const policy::Truth truth = policy::judge_value(*asked.condition, value, asked.place);
  return truth == (asked.place == policy::Place::require ? policy::Truth::yes : policy::Truth::no);
}

class Generator {
 public:
  Generator(const risk::ToolFacts& tool, const GenerateOptions& options)
      : schema_(tool.input_schema),
        options_(options),
        arguments_(arguments_of(tool, options.signals)),
        required_(root_sample(false)),
        all_(root_sample(true)),
        friendly_(all_),
        friendly_required_(required_) {}

  std::vector<GeneratedCall> run() {
    add(required_, Trial::plain, "only what must be given");
    add(all_, Trial::plain, "everything that may be given");
    conditions();
    hostile();
    choices();
    bounds();
    add(Sample::object(), Trial::edge, "no arguments");
    return std::move(calls_);
  }

 private:
  Sample root_sample(bool all) const {
    Sample sample = Sample::object();
    if (schema_.is(json::Type::object)) sample = sample_of(schema_, schema_, {}, all);
    if (sample.kind() != Sample::Kind::object) sample = Sample::object();
    for (const std::string& name : options_.without) sample.remove(name);
    return sample;
  }

  bool full() const { return calls_.size() >= options_.most; }

  void add(const Sample& args, Trial trial, std::string what) {
    if (full()) return;
    Sample kept = args;
    for (const std::string& name : options_.without) kept.remove(name);
    std::string json = json_of(kept);
    if (!known_.insert(json).second) return;
    calls_.push_back({std::move(json), trial, std::move(what)});
  }

  /// A value in place of another, in a call that the conditions let pass as far as is known.
  void put(const std::vector<policy::Segment>& path, std::string_view name, const std::string& json, Trial trial) {
    if (full()) return;
    Sample call = friendly_;
    if (!call.set(path, Sample::scalar(json))) return;
    add(call, trial, std::string(name) + " = " + shown(json));
  }

  void conditions() {
    std::vector<std::pair<const policy::Path*, std::vector<Edge>>> tried;
    for (const policy::Applied::Asked& asked : options_.conditions) {
      const policy::Path& path = *asked.condition->path;
      if (path.root != policy::Root::args) continue;
      std::vector<Edge> edges = edges_of(*asked.condition);
      // The value that is there may do already; it then stays, whatever the edges are.
      if (!passes_now(asked)) {
        const auto good = std::ranges::find_if(edges, [&](const Edge& edge) { return passes(asked, path, edge); });
        if (good != edges.end()) {
          apply(friendly_, path, *good);
          apply(friendly_required_, path, *good);
        }
      }
      tried.emplace_back(&path, std::move(edges));
    }
    for (const policy::Path* path : options_.amounts) {
      tried.emplace_back(path, std::vector<Edge>{{"0", false}, {"1", false}, {"1000000", false}});
      const Edge one{"1", false};
      if (!options_.conditions.empty()) continue;
      apply(friendly_, *path, one);
      apply(friendly_required_, *path, one);
    }
    add(friendly_, Trial::edge, "everything, as the policy's conditions want it");
    add(friendly_required_, Trial::edge, "what must be given, as the policy's conditions want it");
    for (std::size_t round = 0;; ++round) {
      bool more = false;
      for (const auto& [path, edges] : tried) {
        if (round >= edges.size() || full()) continue;
        more = true;
        Sample call = friendly_;
        apply(call, *path, edges[round]);
        add(call, Trial::edge,
            path->text + (edges[round].missing ? " left out" : " = " + shown(edges[round].json)));
      }
      if (!more) return;
    }
  }

  /// Of several conditions on one path a value must do for all of them.
  bool passes(const policy::Applied::Asked& asked, const policy::Path& path, const Edge& edge) {
    if (!lets_pass(asked, edge, reader_)) return false;
    return std::ranges::all_of(options_.conditions, [&](const policy::Applied::Asked& other) {
      return other.condition->path->text != path.text || lets_pass(other, edge, reader_);
    });
  }
  bool passes_now(const policy::Applied::Asked& asked) {
    const std::string json = json_of(friendly_);
    const auto read = reader_.read(json);
    if (!read || asked.condition->path->each) return false;
    const policy::Single single = policy::resolve(*asked.condition->path, *read);
    if (single.error) return false;
    const policy::Truth truth = policy::judge_value(*asked.condition, single.value, asked.place);
    return truth == (asked.place == policy::Place::require ? policy::Truth::yes : policy::Truth::no);
  }

  static void apply(Sample& call, const policy::Path& path, const Edge& edge) {
    if (edge.missing) {
      call.erase(path.segments);
    } else {
      call.set(path.segments, Sample::scalar(edge.json));
    }
  }

  void hostile() {
    std::erase_if(arguments_, [&](const Argument& argument) {
      return std::ranges::find(options_.without, argument.path.front().name) != options_.without.end();
    });
    if (arguments_.size() > kMostArguments) arguments_.resize(kMostArguments);
    for (const Argument& argument : arguments_) {
      if (argument.choices) continue;
      switch (argument.kind) {
        case TextKind::path:
          each(argument, kTraversals, Trial::traversal);
          break;
        case TextKind::url:
          each(argument, kAddresses, Trial::address);
          break;
        case TextKind::code:
          each(argument, kInjections, Trial::injection);
          break;
        default:
          break;
      }
    }
  }
  template <typename Values>
  void each(const Argument& argument, const Values& values, Trial trial) {
    for (const std::string_view value : values) put(argument.path, argument.name, json::quoted(value), trial);
  }

  void choices() {
    for (const Argument& argument : arguments_) {
      const json::Value values = argument.choices;
      std::size_t count = 0;
      for (const json::Value value : values.elements()) {
        if (++count <= kMostChoices) put(argument.path, argument.name, json_of(Sample::copy_of(value)), Trial::plain);
      }
      if (argument.types != risk::Types(risk::Types::boolean)) continue;
      put(argument.path, argument.name, "true", Trial::plain);
      put(argument.path, argument.name, "false", Trial::plain);
    }
  }

  void bounds() {
    for (const Argument& argument : arguments_) {
      const risk::Types types = argument.types;
      if (types.has(risk::Types::number) || types.has(risk::Types::integer)) {
        for (const std::string_view key : {"minimum", "maximum"}) {
          const json::Value bound = argument.schema.find(key);
          if (!bound.is(json::Type::number)) continue;
          for (const int by : {0, -1, 1}) {
            put(argument.path, argument.name, by == 0 ? std::string(bound.number()) : neighbour(bound.number(), by), Trial::edge);
          }
        }
        for (const std::string_view value : {"0", "-1", "1000000000"}) {
          put(argument.path, argument.name, std::string(value), Trial::edge);
        }
      } else if (types.may_be_text() && !argument.choices) {
        put(argument.path, argument.name, "\"\"", Trial::edge);
        put(argument.path, argument.name, json::quoted(std::string(2'000, 'a')), Trial::edge);
      }
      put(argument.path, argument.name, "null", Trial::edge);
    }
  }

  json::Value schema_;
  const GenerateOptions& options_;
  std::vector<Argument> arguments_;
  Sample required_;
  Sample all_;
  Sample friendly_;           ///< all members, with values that the conditions let pass where such were found
  Sample friendly_required_;  ///< the same of the required members
    std::vector<GeneratedCall> calls_;
  std::set<std::string> known_;
  json::Reader reader_;
};

}  // namespace

std::string_view to_string(Trial trial) {
  constexpr std::array<std::string_view, 5> kNames = {"plain", "edge", "traversal", "address", "injection"};
  return kNames[static_cast<std::size_t>(trial)];
}

std::vector<GeneratedCall> generate_calls(const risk::ToolFacts& tool, const GenerateOptions& options) {
  return Generator(tool, options).run();
}

}  // namespace doorward::catalogue
