#pragma once

#include <map>
#include <string>
#include <string_view>

#include "json/reader.h"
#include "json/writer.h"
#include "mcp/envelope.h"

namespace doorward::cli {

/// The small MCP server inside the binary, for a first look and for tests: notes and refunds in memory, one
/// resource, one prompt; every revision with a handshake, and 2026-07-28. It trusts its input no less than
/// any server: policies are the gateway's business.
class DemoServer {
 public:
  DemoServer();

  /// The answer to one message, without line break; empty where none is due.
  std::string answer(std::string_view line);

 private:
  struct Note {
    std::string title;
    std::string text;
  };

  std::string serve(const mcp::Message& message);
  /// Each writes the members of its result and returns true, or leaves an error text in `problem_`.
  bool call_tool(json::Writer& out, json::Value params);
  bool read_resource(json::Writer& out, json::Value params);
  bool get_prompt(json::Writer& out, json::Value params);

  bool list_notes(json::Writer& out);
  bool read_note(json::Writer& out, json::Value args);
  bool create_note(json::Writer& out, json::Value args);
  bool delete_note(json::Writer& out, json::Value args);
  bool create_refund(json::Writer& out, json::Value args);
  bool refuse(std::string problem);

  json::Reader reader_;
  std::map<std::string, Note, std::less<>> notes_;
  unsigned next_note_ = 3;
  unsigned refunds_ = 0;
  std::string problem_;
};

/// Serves standard input until it ends; the exit code.
int run_demo_server();

}  // namespace doorward::cli
