#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "catalogue/catalogue.h"
#include "json/writer.h"

namespace doorward::catalogue::test {

/// A directory of its own, gone with the test.
class Directory {
 public:
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "doorward-catalogue-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::unique_ptr<Catalogue> open(const Directory& directory) {
  auto catalogue = Catalogue::open(directory.path());
  if (!catalogue) {
    ADD_FAILURE() << catalogue.error().message;
    return nullptr;
  }
  return std::move(*catalogue);
}

inline std::string tool(std::string_view name, std::string_view description = "",
                        std::string_view more = "") {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("name").string(name).key("description").string(description);
  writer.key("inputSchema").raw(R"({"type":"object"})");
  if (!more.empty()) writer.key("annotations").raw(more);
  writer.end_object();
  return out;
}

/// What the gateway says of a server of its own.
inline Listing live(std::string name, std::vector<std::string> tools, ToolsKnown known = ToolsKnown::whole) {
  Listing listing;
  listing.source = "live";
  listing.source_id = name;
  listing.name = std::move(name);
  listing.tools_known = known;
  listing.tools = std::move(tools);
  return listing;
}

inline Listing record(std::string source, std::string name) {
  Listing listing;
  listing.source = std::move(source);
  listing.source_id = name;
  listing.name = std::move(name);
  return listing;
}

inline Taken take(Catalogue& catalogue, const Listing& listing, std::int64_t now_us = 1'000) {
  const auto taken = catalogue.take(std::span(&listing, 1), now_us);
  if (!taken) {
    ADD_FAILURE() << taken.error().message;
    return {};
  }
  return *taken;
}

inline std::vector<std::string> names(const Page<ToolRecord>& page) {
  std::vector<std::string> out;
  for (const ToolRecord& record : page.records) out.push_back(record.name);
  return out;
}

/// The names of the tools that a search finds on its first page.
inline std::vector<std::string> found(Catalogue& catalogue, const Query& query) {
  const auto page = catalogue.search_tools(query);
  if (!page) {
    ADD_FAILURE() << page.error().message;
    return {};
  }
  return names(*page);
}
inline std::vector<std::string> found(Catalogue& catalogue, std::string words) {
  Query query;
  query.words = std::move(words);
  return found(catalogue, query);
}

}  // namespace doorward::catalogue::test
