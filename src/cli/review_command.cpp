#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "cli/session.h"

namespace doorward::cli {
namespace {

struct ReviewOptions {
  std::string server;
  std::string tool;
  std::string definition;
  bool accept = false;
  bool reject = false;
};

/// How many bytes of a digest a person types.
constexpr std::size_t kShortDigest = 12;

bool waits(json::Value tool) {
  const std::string state = member(tool, "state");
  return state == "changed" || state == "new";
}

/// A text that changed, its removed words as [-...-] and its added ones as {+...+}.
std::string worded(json::Value words) {
  std::string out;
  bool differs = false;
  for (const json::Value run : words.elements()) {
    for (const json::Member part : run.members()) {
      const bool added = part.key.string() == "added";
      const bool removed = part.key.string() == "removed";
      differs = differs || added || removed;
      out += added ? "{+" : removed ? "[-" : "";
      out += safe_text(part.value.string());
      out += added ? "+}" : removed ? "-]" : "";
    }
  }
  return differs ? out : "only white space differs";
}

/// A JSON value on one line, spelled so that nothing in it misleads the eye.
std::string spelled(json::Value value) {
  switch (value.type()) {
    case json::Type::string:
      return "\"" + safe_text(value.string()) + "\"";
    case json::Type::number:
      return std::string(value.number());
    case json::Type::boolean:
      return value.boolean() ? "true" : "false";
    case json::Type::null:
      return "null";
    case json::Type::array:
    case json::Type::object:
      break;
  }
  const bool is_array = value.is(json::Type::array);
  std::string out;
  for (const json::Value element : value.elements()) out += (out.empty() ? "" : ", ") + spelled(element);
  for (const json::Member entry : value.members()) {
    out += (out.empty() ? "" : ", ") + safe_text(entry.key.string()) + ": " + spelled(entry.value);
  }
  return is_array ? "[" + out + "]" : "{" + out + "}";
}

void print_change(json::Value change) {
  const std::string of = member(change, "of");
  const std::string name = member(change, "name");
  const std::string kind = member(change, "kind");
  const json::Value before = change.find("before");
  const json::Value after = change.find("after");
  std::string line = kind == "added" ? "    + " : kind == "removed" ? "    - " : "    ~ ";
  line += member(change, "where") + "  ";
  if (of == "required") {
    line += name + (kind == "added" ? " must be given now" : " need not be given any more");
  } else if (change.find("words")) {
    line += worded(change.find("words"));
  } else {
    line += (of == "other" ? std::string() : of + " ") + kind;
    if (before) line += "  was " + spelled(before);
    if (after) line += (before ? ", is " : "  ") + spelled(after);
  }
  print_line(line);
}

void print_tool(json::Value tool, bool whole) {
  std::string line = member(tool, "name") + "  " + member(tool, "state");
  if (const std::string why = member(tool, "withheld"); !why.empty()) line += ", withheld: " + why;
  print_line(line);
  if (whole || waits(tool)) {
    print_line("    definition " + member(tool, "definition").substr(0, kShortDigest) + ", first seen " +
               member(tool, "first_seen"));
  }
  if (const std::string reviewer = member(tool, "reviewer"); whole && !reviewer.empty()) {
    print_line("    reviewed by " + reviewer + ", " + member(tool, "reviewed_at"));
  }
  for (const json::Value change : tool.find("changes").elements()) print_change(change);
  for (const json::Value sign : tool.find("signs").elements()) {
    print_line("    ! " + member(sign, "kind") + " in " + member(sign, "where") + ": " + member(sign, "words"));
  }
  if (whole) {
    for (const json::Member entry : tool.find("text").members()) {
      print_line("    " + safe_text(entry.key.string()) + "  " + spelled(entry.value));
    }
  }
}

void review(Session& session, const ReviewOptions& options) {
  if (options.accept && options.reject) return session.fail(Exit::usage, "give --accept or --reject, not both");
  if (!options.definition.empty() && options.tool.empty()) {
    return session.fail(Exit::usage, "--definition needs the name of a tool");
  }
  operate(
      session, "server.review",
      [&](json::Writer& writer) {
        writer.key("name").string(options.server);
        if (!options.tool.empty()) writer.key("tool").string(options.tool);
        if (options.accept || options.reject) writer.key("decision").string(options.accept ? "accept" : "reject");
        if (!options.definition.empty()) writer.key("definition").string(options.definition);
      },
      [&](json::Value result) {
        std::size_t reviewed = 0;
        std::size_t waiting = 0;
        for (const json::Value tool : result.find("tools").elements()) {
          reviewed += is_true(tool.find("offered")) ? 1 : 0;
          waiting += waits(tool) ? 1 : 0;
          const bool plain = is_true(tool.find("offered")) && tool.find("signs").size() == 0;
          if (!options.tool.empty() || !plain) print_tool(tool, !options.tool.empty());
        }
        if (!is_true(result.find("known"))) {
          return session.say("no list of this server was seen yet; its first one will count as reviewed");
        }
        for (const json::Value tool : result.find("reclassified").elements()) {
          print_line(member(tool, "tool") + "  judged as " + member(tool, "in_force") + ", would now be " +
                     member(tool, "now") + (options.accept ? "; accepted" : ""));
        }
        if (options.tool.empty()) {
          print_line(std::to_string(reviewed) + " reviewed, " + std::to_string(waiting) + " waiting");
        }
        if (waiting > 0) {
          session.say("next: doorward server review " + safe_text(options.server) +
                      " TOOL --accept --definition SHA256, or --reject");
        } else if (result.find("reclassified").size() > 0 && !options.accept) {
          session.say("the rules of classification have changed; policies go by what was in force until you accept: "
                      "doorward server review " + safe_text(options.server) + " --accept");
        }
      });
}

}  // namespace

void add_review_command(CLI::App& server, Session& session) {
  const auto options = std::make_shared<ReviewOptions>();
  CLI::App* command = server.add_subcommand("review", "Show what changed in a server's tools, accept or reject it");
  command->add_option("server", options->server, "Name of the server")->required()->type_name("SERVER");
  command->add_option("tool", options->tool, "One tool, shown whole")->type_name("TOOL");
  command->add_flag("--accept", options->accept, "The definition seen last is the reviewed one from now on");
  command->add_flag("--reject", options->reject, "It is not offered, and waits no more");
  command->add_option("--definition", options->definition, "Decide only if its SHA-256 begins so")
      ->type_name("SHA256");
  command->callback([&session, options] { review(session, *options); });
}

}  // namespace doorward::cli
