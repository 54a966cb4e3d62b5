// catalogue_scale DIR SERVERS TOOLS < tools.jsonl: fills a catalogue in DIR with a synthetic set made of real
// tools, then asks it what people ask. Prints the figures of docs/performance.md. See bench/catalogue.
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "catalogue/catalogue.h"
#include "catalogue/terms.h"
#include "json/copy.h"
#include "json/reader.h"
#include "json/writer.h"

using namespace doorward;
using catalogue::Catalogue;
using catalogue::Listing;
using catalogue::Query;

namespace {

constexpr std::size_t kBatch = 500;  // servers a transaction
constexpr double kDuplicates = 0.18;

using Clock = std::chrono::steady_clock;
double ms_since(Clock::time_point began) {
  return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

struct RealTool {
  std::vector<std::string> words;  // of its name
  std::vector<std::string> sentences;
  std::string schema;
  std::string annotations;
};

struct Real {
  std::vector<RealTool> tools;
  std::vector<std::size_t> sizes;  // of the servers
  std::vector<std::string> server_words;
};

std::vector<std::string> sentences_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t dot = text.find(". ");
    const std::size_t end = dot == std::string_view::npos ? text.size() : dot + 2;
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

Real read_real() {
  Real real;
  std::map<std::string, std::size_t, std::less<>> servers;
  json::Reader reader;
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto root = reader.read(line);
    if (!root) continue;
    const std::string server(json::text_of(*root, "server"));
    ++servers[std::string(json::text_of(*root, "corpus")) + '/' + server];
    RealTool tool{.words = catalogue::name_words(json::text_of(*root, "tool")),
                  .sentences = sentences_of(json::text_of(*root, "description")),
                  .schema = std::string(json::text_of(line, root->find("input_schema"))),
                  .annotations = std::string(json::text_of(line, root->find("annotations")))};
    if (!tool.words.empty()) real.tools.push_back(std::move(tool));
  }
  for (const auto& [name, size] : servers) {
    real.sizes.push_back(size);
    for (std::string& word : catalogue::name_words(name.substr(name.find('/') + 1)))
      real.server_words.push_back(std::move(word));
  }
  return real;
}

/// A tool that nobody has, made of two that somebody has, or a copy of an earlier one.
class Maker {
 public:
  Maker(const Real& real, std::mt19937_64& random) : real_(real), random_(random) {}

  std::string tool() {
    if (!made_.empty() && chance(kDuplicates)) return made_[random_() % made_.size()];
    const RealTool& a = any(real_.tools);
    const RealTool& b = any(real_.tools);
    std::string name = a.words.front();
    for (std::size_t i = b.words.size() > 1 ? 1 : 0; i < b.words.size(); ++i) name += '_' + b.words[i];
    std::string description;
    if (!a.sentences.empty()) description = a.sentences.front();
    for (std::size_t i = 1; i < b.sentences.size(); ++i) description += b.sentences[i];
    std::string text;
    json::Writer writer(text);
    writer.begin_object().key("name").string(name.substr(0, 120)).key("description").string(description);
    if (b.schema.starts_with('{')) writer.key("inputSchema").raw(b.schema);
    if (a.annotations.starts_with('{')) writer.key("annotations").raw(a.annotations);
    writer.end_object();
    if (made_.size() < 50'000) made_.push_back(text);
    return text;
  }

  Listing server(std::size_t number, std::size_t tools) {
    Listing listing;
    const std::string owner = any(real_.server_words) + std::to_string(number % 9'973);
    const std::string name =
        any(real_.server_words) + '-' + any(real_.server_words) + '-' + std::to_string(number);
    listing.source = "registry";
    listing.source_id = listing.name = "io.github." + owner + '/' + name;
    listing.repository = "https://github.com/" + owner + '/' + name;
    const RealTool& tool = any(real_.tools);
    listing.description = tool.sentences.empty() ? name : tool.sentences.front().substr(0, 100);
    listing.packages.push_back({.registry = "npm",
                                .identifier = '@' + owner + '/' + name,
                                .version = "1.0.0",
                                .transport = "stdio"});
    listing.tools_known = catalogue::ToolsKnown::whole;
    for (std::size_t i = 0; i < tools; ++i) listing.tools.push_back(this->tool());
    return listing;
  }

  std::vector<std::size_t> sizes(std::size_t servers, std::size_t tools) {
    std::vector<std::size_t> out;
    std::size_t sum = 0;
    for (std::size_t i = 0; i < servers; ++i) sum += out.emplace_back(any(real_.sizes));
    for (; sum < tools; ++sum) ++out[random_() % out.size()];
    return out;
  }

 private:
  template <typename T>
  const T& any(const std::vector<T>& from) {
    return from[random_() % from.size()];
  }
  bool chance(double share) { return std::uniform_real_distribution<>()(random_) < share; }

  const Real& real_;
  std::mt19937_64& random_;
  std::vector<std::string> made_;
};

struct Asked {
  std::string_view kind;
  Query query;
  bool servers = false;
};

/// What people type: words of tools as often as tools have them, so that common words are asked often.
std::vector<Asked> questions(const Real& real, Catalogue& filled, std::mt19937_64& random, std::size_t each) {
  std::vector<Asked> out;
  const auto word = [&] {
    const auto& words = real.tools[random() % real.tools.size()].words;
    return words[random() % words.size()];
  };
  const auto name = [&] {
    std::string text;
    for (const std::string& part : real.tools[random() % real.tools.size()].words)
      text += (text.empty() ? "" : "_") + part;
    return text;
  };
  const auto servers = filled.search_servers({.limit = 200});
  for (std::size_t i = 0; i < each; ++i) {
    const auto category = kCategories[random() % kCategories.size()];
    const auto severity = kSeverities[random() % kSeverities.size()];
    const auto signal = static_cast<risk::Signal>(random() % risk::kSignals);
    out.push_back({"a word", {.words = word()}});
    out.push_back({"two words", {.words = word() + ' ' + word()}});
    out.push_back({"a question of words", {.words = word() + ' ' + word() + ' ' + word() + ' ' + word()}});
    out.push_back({"a tool's name", {.words = name()}});
    out.push_back({"the beginning of a word, 1 to 4 letters", {.words = word().substr(0, 1 + i % 4)}});
    out.push_back({"a word and a category", {.words = word(), .category = category}});
    out.push_back({"a word and a severity", {.words = word(), .at_least = severity}});
    out.push_back({"a word and a signal", {.words = word(), .signal = signal}});
    out.push_back({"a category and a signal", {.category = category, .signal = signal}});
    out.push_back({"a severity", {.at_least = severity}});
    out.push_back({"a word in one server",
                   {.words = word(), .server = servers->records[random() % servers->records.size()].slug}});
    out.push_back({"servers by a word", {.words = word()}, true});
    out.push_back({"servers by a word and a signal", {.words = word(), .signal = signal}, true});
  }
  std::ranges::shuffle(out, random);
  return out;
}

double percentile(const std::vector<double>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1,
                         static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
}

void print_times(std::string_view name, std::vector<double> times) {
  std::ranges::sort(times);
  std::printf("%-42.*s %7zu  %8.2f  %8.2f  %8.2f  %8.2f\n", static_cast<int>(name.size()), name.data(),
              times.size(), percentile(times, 0.5), percentile(times, 0.95), percentile(times, 0.99),
              times.back());
}

int failed(const Error& error) {
  std::fprintf(stderr, "catalogue_scale: %s\n", error.message.c_str());
  return 1;
}

int fill(const std::string& directory, const Real& real, std::size_t servers, std::size_t tools) {
  std::mt19937_64 random(1);
  Maker maker(real, random);
  auto opened = Catalogue::open(directory);
  if (!opened) return failed(opened.error());
  std::vector<Listing> batch;
  double took = 0;
  std::size_t number = 0;
  const auto flush = [&]() -> Status {
    const auto began = Clock::now();
    const auto taken = (*opened)->take(batch, 1'700'000'000'000'000);
    took += ms_since(began);
    batch.clear();
    return taken ? Status() : Status(std::unexpected(taken.error()));
  };
  for (const std::size_t size : maker.sizes(servers, tools)) {
    batch.push_back(maker.server(number++, size));
    if (batch.size() < kBatch) continue;
    if (const Status done = flush(); !done) return failed(done.error());
    std::fprintf(stderr, "\r%zu servers", number);
  }
  if (const Status done = flush(); !done) return failed(done.error());
  std::fprintf(stderr, "\n");
  const auto counts = (*opened)->counts();
  if (!counts) return failed(counts.error());
  std::printf("%zu servers, %zu tools with %zu definitions taken in %.1f s: %.0f tools/s\n", counts->servers,
              counts->tools, counts->definitions, took / 1e3,
              static_cast<double>(counts->tools) / took * 1e3);
  return 0;
}

int ask(const std::string& directory, const Real& real) {
  auto opened = Catalogue::open(directory);
  if (!opened) return failed(opened.error());
  std::mt19937_64 random(2);
  std::map<std::string_view, std::vector<double>> by_kind;
  std::vector<double> all;
  std::vector<double> second;
  for (Asked& asked : questions(real, **opened, random, 250)) {
    const auto once = [&](std::vector<double>& times) -> Result<std::string> {
      const auto began = Clock::now();
      const auto next_of = [&](const auto& page) -> Result<std::string> {
        times.push_back(ms_since(began));
        if (!page) return std::unexpected(page.error());
        return page->next;
      };
      return asked.servers ? next_of((*opened)->search_servers(asked.query))
                           : next_of((*opened)->search_tools(asked.query));
    };
    const auto next = once(all);
    if (!next) return failed(next.error());
    by_kind[asked.kind].push_back(all.back());
    if (all.back() > 20)
      std::fprintf(stderr, "%.1f ms: %.*s \"%s\"\n", all.back(), static_cast<int>(asked.kind.size()),
                   asked.kind.data(), asked.query.words.c_str());
    if (next->empty()) continue;
    asked.query.after = *next;
    if (const auto done = once(second); !done) return failed(done.error());
  }
  std::printf("%-42s %7s  %8s  %8s  %8s  %8s\n", "first page of 50, ms", "asked", "p50", "p95", "p99",
              "worst");
  for (auto& [kind, times] : by_kind) print_times(kind, times);
  print_times("all of them", all);
  print_times("their second pages", second);
  const auto began = Clock::now();
  const auto counts = (*opened)->counts();
  std::printf("counts: %.1f ms\n", ms_since(began));
  std::ranges::sort(all);
  return counts && percentile(all, 0.95) <= 20 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: catalogue_scale DIR SERVERS TOOLS < tools.jsonl\n", stderr);
    return 2;
  }
  const std::string directory = argv[1];
  const Real real = read_real();
  if (real.tools.empty()) {
    std::fputs("catalogue_scale: no tools on standard input\n", stderr);
    return 2;
  }
  struct stat status {};
  const std::string file = directory + "/catalogue.db";
  if (::stat(file.c_str(), &status) != 0) {
    if (const int code = fill(directory, real, std::stoul(argv[2]), std::stoul(argv[3])); code != 0)
      return code;
  }
  if (::stat(file.c_str(), &status) == 0)
    std::printf("the file: %.0f MB\n", static_cast<double>(status.st_size) / 1e6);
  return ask(directory, real);
}
