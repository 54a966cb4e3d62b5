#include "server/yaml_fields.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <utility>

#include "base/suggest.h"
#include "server/config.h"

namespace doorward::server {
namespace {

std::string kind_of(const yaml::Node& node) {
  switch (node.kind) {
    case yaml::Node::Kind::null:
      return "nothing";
    case yaml::Node::Kind::sequence:
      return "a list";
    case yaml::Node::Kind::mapping:
      return "a mapping";
    case yaml::Node::Kind::scalar:
      break;
  }
  if (node.is_boolean()) return "a boolean";
  return node.is_number() ? "a number" : "a text";
}

std::string in_quotes(std::string_view key) {
  return "\"" + std::string(key) + "\"";
}

std::string spell(std::chrono::milliseconds time) {
  using std::chrono::milliseconds;
  for (const auto& [size, unit] :
       {std::pair{milliseconds(86'400'000), "d"}, std::pair{milliseconds(3'600'000), "h"},
        std::pair{milliseconds(60'000), "m"}, std::pair{milliseconds(1'000), "s"}}) {
    if (time % size == milliseconds(0)) return std::to_string(time / size) + unit;
  }
  return std::to_string(time.count()) + "ms";
}

std::string spell_size(std::size_t bytes) {
  for (const auto& [shift, unit] :
       {std::pair{40, "TiB"}, std::pair{30, "GiB"}, std::pair{20, "MiB"}, std::pair{10, "KiB"}}) {
    if (bytes != 0 && bytes % (std::size_t{1} << shift) == 0) return std::to_string(bytes >> shift) + unit;
  }
  return std::to_string(bytes) + "B";
}

}  // namespace

Finding finding_of(const yaml::ReadError& error, std::string_view file) {
  return {{std::string(file), error.line, error.column}, error.message};
}

FileContext::FileContext(std::string file) : file_(std::move(file)) {
  std::error_code ignored;
  const std::filesystem::path whole = std::filesystem::absolute(file_, ignored);
  folder_ = whole.parent_path().string();
}

void FileContext::report(const yaml::Node& node, std::string message) {
  report(at(node), std::move(message));
}

void FileContext::report(Origin at, std::string message) {
  findings_.push_back({std::move(at), std::move(message)});
}

std::string FileContext::absolute(std::string_view path) {
  if (file_.empty() && (!path.starts_with('/') || std::filesystem::path(path).lexically_normal() != path)) {
    report(Origin{}, "the path \"" + std::string(path) + "\" must be absolute, without `.` and `..`");
  }
  return (std::filesystem::path(folder_) / path).lexically_normal().string();
}

Fields::Fields(const yaml::Node& node, std::string_view what, FileContext& context)
    : node_(node), what_(what), context_(context) {
  if (node.kind != yaml::Node::Kind::mapping && node.kind != yaml::Node::Kind::null) {
    context_.report(node, what_ + " must be a mapping (key: value), not " + kind_of(node));
  }
}

const yaml::Node* Fields::take(std::string_view key) {
  known_.push_back(key);
  return node_.find(key);
}

std::optional<std::string> Fields::take_text(std::string_view key) {
  const yaml::Node* value = take(key);
  return value == nullptr ? std::nullopt : read_text(*value, key, context_);
}

std::optional<bool> Fields::take_bool(std::string_view key) {
  const yaml::Node* value = take(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->text == "true";
  context_.report(*value, in_quotes(key) + " must be true or false");
  return std::nullopt;
}

std::optional<std::size_t> Fields::take_count(std::string_view key, std::size_t least, std::size_t most) {
  const yaml::Node* value = take(key);
  if (value == nullptr) return std::nullopt;
  std::size_t count = 0;
  const char* end = value->text.data() + value->text.size();
  if (value->is_number()) {
    const auto [stop, error] = std::from_chars(value->text.data(), end, count);
    if (error == std::errc() && stop == end && count >= least && count <= most) return count;
  }
  context_.report(*value, in_quotes(key) + " must be a whole number from " + std::to_string(least) + " to " +
                              std::to_string(most));
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> Fields::take_duration(std::string_view key,
                                                               std::chrono::milliseconds least,
                                                               std::chrono::milliseconds most) {
  const yaml::Node* value = take(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind == yaml::Node::Kind::scalar) {
    const auto time = parse_duration(value->text);
    if (time && *time >= least && *time <= most) return time;
  }
  context_.report(*value, in_quotes(key) + " must be a time from " + spell(least) + " to " + spell(most) +
                              ", a whole number with a unit (ms, s, m, h, d) such as 10s");
  return std::nullopt;
}

std::optional<std::size_t> Fields::take_size(std::string_view key, std::size_t least, std::size_t most) {
  const yaml::Node* value = take(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind == yaml::Node::Kind::scalar) {
    const auto size = parse_size(value->text);
    if (size && *size >= least && *size <= most) return size;
  }
  context_.report(*value, in_quotes(key) + " must be a size from " + spell_size(least) + " to " +
                              spell_size(most) +
                              ", a whole number with a unit (B, KiB, MiB, GiB) such as 4MiB");
  return std::nullopt;
}

std::vector<std::string> Fields::take_texts(std::string_view key) {
  std::vector<std::string> texts;
  take_list(key, [&](const yaml::Node& item) {
    if (auto text = read_text(item, key, context_)) texts.push_back(std::move(*text));
  });
  return texts;
}

void Fields::take_list(std::string_view key, const std::function<void(const yaml::Node&)>& each) {
  const yaml::Node* value = take(key);
  if (value == nullptr || value->kind == yaml::Node::Kind::null) return;
  if (value->kind != yaml::Node::Kind::sequence) {
    context_.report(*value, in_quotes(key) + " must be a list, not " + kind_of(*value));
    return;
  }
  for (const yaml::Node& item : value->items) each(item);
}

void Fields::missing(std::string_view key) {
  context_.report(node_, what_ + " needs " + in_quotes(key) + "; add it");
}

void Fields::finish() {
  for (const yaml::Entry& entry : node_.entries) {
    if (std::ranges::find(known_, entry.key) != known_.end()) continue;
    std::string message = what_ + " has no key " + in_quotes(entry.key);
    if (const std::string_view near = suggest(entry.key, known_); !near.empty()) {
      message += "; did you mean " + in_quotes(near) + "?";
    } else {
      message += "; remove it (known keys:";
      const char* separator = " ";
      for (std::string_view key : known_) {
        message += std::exchange(separator, ", ");
        message += key;
      }
      message += ")";
    }
    context_.report({context_.file(), entry.line, entry.column}, std::move(message));
  }
}

std::optional<std::string> read_text(const yaml::Node& node, std::string_view key, FileContext& context) {
  if (node.kind != yaml::Node::Kind::scalar) {
    context.report(node, in_quotes(key) + " must be a text, not " + kind_of(node));
    return std::nullopt;
  }
  if (node.is_boolean() || node.is_number()) {
    context.report(node, in_quotes(key) + " must be a text, not " + kind_of(node) + "; put it in quotes");
    return std::nullopt;
  }
  return node.text;
}

}  // namespace doorward::server
