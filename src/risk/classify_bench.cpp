#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "json/reader.h"
#include "json/writer.h"
#include "risk/classification.h"

namespace doorward::risk {
namespace {

// Tools as servers publish them: 760 bytes on average, with schema, in several manners of naming.
std::vector<std::string> typical_tools() {
  struct Kind {
    std::string_view name;
    std::string_view does;
  };
  constexpr Kind kKinds[] = {
      {"list_projects", "List the projects that the caller may see, with optional filters."},
      {"deleteUser", "Permanently delete a user. This cannot be undone."},
      {"compute.vm.restart", "Restarts a virtual machine by its id and waits until it answers."},
      {"asana_create_task", "Create a new task in a project and assign it to a person of the workspace."},
      {"run_sql", "Execute a single SQL statement against the database and return its rows."},
      {"send-message", "Sends a message to a channel. Use this tool to tell people what was done."},
      {"customer_overview", "Everything that is known of a customer: orders, tickets and addresses."},
      {"create_refund",
       "Refund a payment, wholly or in part. Amount is in the smallest unit of the currency."},
  };
  std::vector<std::string> tools;
  for (const Kind& kind : kKinds) {
    std::string text;
    json::Writer writer(text);
    writer.begin_object().key("server").string("example").key("name").string(kind.name);
    writer.key("description")
        .string(std::string(kind.does) +
                " Returns an object with the fields that changed. Ask the user first where it is "
                "not clear which one is meant, and never guess an id.");
    writer.key("inputSchema")
        .raw(R"({"type":"object","properties":{"id":{"type":"string","description":"The id of the object"},)"
             R"("workspace":{"type":"string","description":"The workspace that it belongs to"},)"
             R"("limit":{"type":"integer","minimum":1,"maximum":100,"default":20},)"
             R"("include_archived":{"type":"boolean","default":false},"format":{"enum":["json","text"]}},)"
             R"("required":["id"],"additionalProperties":false})");
    writer.key("annotations").begin_object().key("readOnlyHint").boolean(false).end_object().end_object();
    tools.push_back(text);
  }
  return tools;
}

/// One tool from its line of JSON to the line of its classification.
void BM_ClassifyLine(benchmark::State& state) {
  const std::vector<std::string> tools = typical_tools();
  json::Reader reader;
  std::string out;
  std::size_t at = 0;
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string& text = tools[at++ % tools.size()];
    bytes += text.size();
    const auto tool = reader.read(text);
    out.clear();
    json::Writer writer(out);
    writer.begin_object();
    write_classification(writer, classify(facts_of(text_of(*tool, "server"), *tool)));
    writer.end_object();
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(BM_ClassifyLine);

void BM_ClassifyNameAlone(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(classify({.server = "example", .name = "compute_vm_delete"}));
}
BENCHMARK(BM_ClassifyNameAlone);

}  // namespace
}  // namespace doorward::risk
