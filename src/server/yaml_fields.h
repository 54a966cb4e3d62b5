#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/finding.h"
#include "yaml/tree.h"

namespace doorward::server {

/// What is wrong with a text that is no YAML, and where in its file.
Finding finding_of(const yaml::ReadError& error, std::string_view file);

/// What the readers of one file share: its name, the folder its paths are relative to, and what was found so
/// far.
class FileContext {
 public:
  explicit FileContext(std::string file);
  /// For settings that stand in no file: paths in them must be absolute.
  FileContext() : folder_("/") {}

  const std::string& file() const { return file_; }
  Origin at(const yaml::Node& node) const { return {file_, node.line, node.column}; }
  void report(const yaml::Node& node, std::string message);
  void report(Origin at, std::string message);
  /// An absolute path for one written in the file. Of settings that stand in no file one that is not absolute is
  /// reported.
  std::string absolute(std::string_view path);
  Findings& findings() { return findings_; }

 private:
  std::string file_;
  std::string folder_;
  Findings findings_;
};

/// The typed view of one mapping. Each `take_*` marks its key as known and gives the value if it is present
/// and of the type; a wrong value is reported and reads as absent. `finish` reports the keys that nobody
/// took, each with the known key that was probably meant.
class Fields {
 public:
  /// `what` names the mapping in messages, such as `a server`. A node that is no mapping is reported; a null
  /// one reads as empty.
  Fields(const yaml::Node& node, std::string_view what, FileContext& context);

  const yaml::Node* take(std::string_view key);
  std::optional<std::string> take_text(std::string_view key);
  /// `true` or `false`.
  std::optional<bool> take_bool(std::string_view key);
  /// A whole number from `least` to `most`.
  std::optional<std::size_t> take_count(std::string_view key, std::size_t least, std::size_t most);
  std::optional<std::chrono::milliseconds> take_duration(std::string_view key,
                                                         std::chrono::milliseconds least,
                                                         std::chrono::milliseconds most);
  std::optional<std::size_t> take_size(std::string_view key, std::size_t least, std::size_t most);
  /// A list of texts.
  std::vector<std::string> take_texts(std::string_view key);
  /// Calls `each` for every item of a list.
  void take_list(std::string_view key, const std::function<void(const yaml::Node&)>& each);
  /// Reports a missing key.
  void missing(std::string_view key);
  void finish();

  const yaml::Node& node() const { return node_; }

 private:
  const yaml::Node& node_;
  std::string what_;
  FileContext& context_;
  std::vector<std::string_view> known_;
};

/// The text of a scalar; a number, a boolean or nothing without quotes is reported, since it may not be what
/// was meant.
std::optional<std::string> read_text(const yaml::Node& node, std::string_view key, FileContext& context);

}  // namespace doorward::server
