#include "catalogue/grade.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "catalogue/join.h"
#include "json/reader.h"
#include "risk/poisoning.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kMostLikeShown = 3;

bool has_source(const ServerRecord& server, std::string_view source) {
  return std::ranges::find(server.sources, source) != server.sources.end();
}

std::string counted(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

Identity identity_of(const ServerRecord& server) {
  const Listing& listing = server.listing;
  if (const auto wrong = contradictions(listing); !wrong.empty()) {
    return {Verification::contradicted, 30, wrong.front().why};
  }
  const std::size_t slash = listing.name.find('/');
  if (has_source(server, "registry") && slash != std::string::npos) {
    const std::string space = listing.name.substr(0, slash);
    if (!space.starts_with("io.github.")) {
      return {Verification::verified, 90,
              "the official registry checked that its publisher owns the domain of " + space};
    }
    if (owns_repository(listing) && repository_of(listing.repository)) {
      return {Verification::verified, 95,
              "the official registry checked its publisher, who owns its repository"};
    }
    return {Verification::verified, 70,
            "the official registry checked its publisher; no repository can be compared with that"};
  }
  for (const std::string& source : server.sources) {
    if (standing_of(source) == Standing::vouched)
      return {Verification::listed, 60, "a list that people keep (" + source + ") names it"};
  }
  const bool met = has_source(server, "live") || has_source(server, "scan");
  return {Verification::none, 10,
          met ? "it was met here, and no registry that we imported says who publishes it"
              : "only records that anybody may write say who publishes it"};
}

class Grader {
 public:
  Grader(const ServerRecord& server, std::span<const ToolRecord> tools) : server_(server), tools_(tools) {}

  Grade run(std::span<const LookAlike> look_alikes) {
    identity();
    names(look_alikes);
    definitions();
    abilities();
    access();
    packages();
    if (server_.listing.gone) take(15, "its source calls it deprecated or deleted", 'D');
    return finish();
  }

 private:
  void take(int points, std::string what, char at_best = 'A') {
    out_.reasons.push_back({points, std::move(what), at_best});
  }

  void identity() {
    out_.identity = identity_of(server_);
    switch (out_.identity.verification) {
      case Verification::verified:
        break;
      case Verification::listed:
        take(5, out_.identity.why);
        break;
      case Verification::contradicted:
        take(15, out_.identity.why, 'C');
        break;
      case Verification::none:
        take(15, out_.identity.why, 'B');
        break;
    }
    if (server_.listing.repository.empty())
      take(5, "no source names its repository, so nobody can read its code");
  }

  void names(std::span<const LookAlike> look_alikes) {
    std::size_t shown = 0;
    for (const LookAlike& like : look_alikes) {
      if (shown++ == kMostLikeShown) break;
      const bool sure =
          like.how == Likeness::confusable || like.how == Likeness::owner || like.how == Likeness::claim;
      take(sure ? 30 : 15, like.why + (like.slug.empty() ? "" : " (" + like.slug + ")"), sure ? 'D' : 'C');
    }
  }

  /// What is hidden in the definitions, and what they leave out.
  void definitions() {
    if (tools_.empty()) return take(20, "no source gives its tools, so nobody knows what it can do", 'C');
    std::size_t poisoned = 0;
    std::string first;
    std::size_t annotated = 0;
    std::size_t bare = 0;
    json::Reader reader;
    for (const ToolRecord& tool : tools_) {
      const auto definition = reader.read(tool.definition);
      if (!definition) continue;
      const auto signs = risk::signs_of_poisoning(*definition);
      if (!signs.empty()) {
        ++poisoned;
        if (first.empty())
          first = tool.name + " holds " + std::string(risk::to_string(signs.front().kind)) + ": \"" +
                  signs.front().words + "\"";
      }
      if (definition->find("annotations").is(json::Type::object)) ++annotated;
      if (json::text_of(*definition, "description").empty() ||
          !definition->find("inputSchema").is(json::Type::object))
        ++bare;
    }
    if (poisoned != 0) {
      take(45,
           counted(poisoned, "definition holds", "definitions hold") +
               " words that may be meant for the model behind its user's back: " + first,
           'E');
    }
    if (annotated == 0) {
      take(5, "its tools carry no annotations that say what only reads and what destroys");
    } else if (annotated < tools_.size()) {
      take(2, counted(tools_.size() - annotated, "tool carries", "tools carry") + " no annotations");
    }
    if (bare != 0) {
      const bool most = bare * 2 > tools_.size();
      take(most ? 15 : 5, counted(bare, "tool has", "tools have") + " no description or no schema",
           most ? 'C' : 'A');
    }
  }

  void abilities() {
    std::size_t critical = 0;
    std::size_t open_ended = 0;
    std::array<bool, 3> legs{};
    for (const ToolRecord& tool : tools_) {
      const risk::Classification& is = tool.classification;
      critical += is.severity == Severity::critical ? 1 : 0;
      const bool open = is.has(risk::Signal::raw_api) || is.has(risk::Signal::accepts_code) ||
                        is.has(risk::Signal::many_actions);
      open_ended += open ? 1 : 0;
      legs[0] = legs[0] || is.has(risk::Signal::private_data);
      legs[1] = legs[1] || is.has(risk::Signal::untrusted_content);
      legs[2] = legs[2] || is.has(risk::Signal::sends_out);
    }
    if (critical != 0)
      take(critical * 4 >= tools_.size() ? 8 : 4,
           counted(critical, "tool is", "tools are") + " critical: a wrong call cannot be taken back");
    if (open_ended != 0)
      take(8, counted(open_ended, "tool takes", "tools take") +
                  " code, a raw request or many actions, so that a name says little about a call");
    if (legs[0] && legs[1] && legs[2])
      take(8, "alone it reads private data, reads what others wrote and sends data out");
  }

  void access() {
    const Listing& listing = server_.listing;
    if (listing.remotes.empty()) return;
    const bool changes = std::ranges::any_of(tools_, [](const ToolRecord& tool) {
      return tool.classification.category != Category::read &&
             tool.classification.category != Category::other;
    });
    if (listing.auth == "none") {
      take(changes ? 20 : 8,
           changes ? "its endpoint asks nobody who they are, and its tools change things"
                   : "its endpoint asks nobody who they are",
           changes ? 'D' : 'A');
    } else if (listing.auth.empty()) {
      take(4, "no source says whether its endpoint asks who calls");
    }
    const bool plain = std::ranges::any_of(
        listing.remotes, [](const Remote& remote) { return remote.url.starts_with("http://"); });
    if (plain) take(15, "its endpoint is reached without TLS", 'C');
  }

  void packages() {
    const auto floating = [](const Package& package) {
      return package.version.empty() || package.version == "latest" || package.version == "main";
    };
    const auto found = std::ranges::find_if(server_.listing.packages, floating);
    if (found != server_.listing.packages.end()) {
      take(6, "the package " + found->identifier +
                  " has no fixed version, so that what is started may change overnight");
    }
  }

  Grade finish() {
    std::ranges::stable_sort(out_.reasons, [](const GradeReason& a, const GradeReason& b) {
      return std::pair(a.points, a.at_best) > std::pair(b.points, b.at_best);
    });
    out_.points = 100;
    char at_best = 'A';
    for (const GradeReason& reason : out_.reasons) {
      out_.points -= reason.points;
      at_best = std::max(at_best, reason.at_best);
    }
    out_.points = std::max(out_.points, 0);
    const int points = out_.points;
    const char earned = points >= 90   ? 'A'
                        : points >= 80 ? 'B'
                        : points >= 65 ? 'C'
                        : points >= 50 ? 'D'
                        : points >= 35 ? 'E'
                                       : 'F';
    out_.letter = std::max(earned, at_best);
    return std::move(out_);
  }

  const ServerRecord& server_;
  std::span<const ToolRecord> tools_;
  Grade out_;
};

}  // namespace

std::string_view to_string(Verification verification) {
  static constexpr std::array<std::string_view, 4> kNames = {"none", "listed", "verified", "contradicted"};
  return kNames[static_cast<std::size_t>(verification)];
}

Grade grade(const ServerRecord& server, std::span<const ToolRecord> tools,
            std::span<const LookAlike> look_alikes) {
  return Grader(server, tools).run(look_alikes);
}

}  // namespace doorward::catalogue
