#include "admin/page.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "json/reader.h"
#include "json/writer.h"

namespace doorward::admin {
namespace {

/// The members that order an item, each ended by a zero byte.
std::string key_of(json::Value item, std::string_view names) {
  std::string key;
  while (!names.empty()) {
    const std::size_t comma = names.find(',');
    const json::Value value = item.find(names.substr(0, comma));
    if (value.is(json::Type::string)) key += value.string();
    key += '\0';
    names.remove_prefix(comma == std::string_view::npos ? names.size() : comma + 1);
  }
  return key;
}

}  // namespace

std::string cut_page(const Paged& paged, const PageRequest& page, const std::string& result) {
  json::Reader reader;
  const auto root = reader.read(result, {.bytes = result.size() + 1, .nodes = 64u << 20});
  if (!root) return result;
  const auto text = [&](json::Value value) {
    return std::string_view(result).substr(value.begin_offset(), value.end_offset() - value.begin_offset());
  };
  std::vector<std::pair<std::string, json::Value>> items;
  for (const json::Value item : root->find(paged.items).elements()) {
    if (std::string key = key_of(item, paged.key); key > page.after) items.emplace_back(std::move(key), item);
  }
  std::ranges::sort(items, {}, &std::pair<std::string, json::Value>::first);
  const bool more = items.size() > page.limit;
  if (more) items.resize(page.limit);

  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  for (const json::Member member : root->members()) {
    writer.key(member.key.string());
    if (member.key.string() != paged.items) {
      writer.raw(text(member.value));
      continue;
    }
    writer.begin_array();
    for (const auto& [key, item] : items) writer.raw(text(item));
    writer.end_array();
  }
  if (more) writer.key("next").string(to_base64(bytes_of(items.back().first), Base64::url));
  writer.end_object();
  return out;
}

std::string PageJoiner::add(const std::string& result) {
  json::Reader reader;
  const auto root = reader.read(result, {.bytes = result.size() + 1, .nodes = 64u << 20});
  if (!root) return {};
  std::string next;
  std::string head;
  for (const json::Member member : root->members()) {
    const std::string_view name = member.key.string();
    const std::string_view text =
        std::string_view(result).substr(member.value.begin_offset(), member.value.end_offset() - member.value.begin_offset());
    if (name == items_) {
      if (member.value.size() == 0) continue;
      if (!joined_.empty()) joined_ += ',';
      joined_ += text.substr(1, text.size() - 2);
    } else if (name == "next") {
      next = member.value.string();
    } else {
      json::append_string(head, name);
      head += ':';
      head += text;
      head += ',';
    }
  }
  if (head_.empty()) head_ = std::move(head);
  return next;
}

std::string PageJoiner::finish() {
  return "{" + head_ + "\"" + std::string(items_) + "\":[" + joined_ + "]}";
}

}  // namespace doorward::admin
