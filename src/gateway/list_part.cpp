#include "gateway/list_part.h"

#include "json/writer.h"

namespace doorward::gateway {
namespace {

constexpr std::size_t kMostBytes = 32u << 20;
constexpr std::size_t kMostElements = 20'000;

}  // namespace

std::string_view element_name(mcp::Method list) {
  switch (list) {
    case mcp::Method::resources_list:
      return "uri";
    case mcp::Method::resources_templates_list:
      return "uriTemplate";
    default:
      return "name";
  }
}

bool ListPart::take(std::string_view text, json::Value list, mcp::Method method) {
  const std::string_view key = element_name(method);
  for (const json::Value element : list.elements()) {
    const json::Value name = element.find(key);
    if (!name.is(json::Type::string) || !seen_.emplace(name.string()).second) continue;
    const std::size_t from = element.begin_offset();
    const std::size_t size = element.end_offset() - from;
    if (names_.size() >= kMostElements || text_.size() + size > kMostBytes) return false;
    const std::size_t at = text_.size();
    text_ += text.substr(from, size);
    elements_.push_back({at, at + name.begin_offset() - from, at + name.end_offset() - from, at + size});
    names_.emplace_back(name.string());
  }
  return true;
}

void ListPart::append(std::string& out, bool& first, const Shown& shown) const {
  const std::string_view text = text_;
  out.reserve(out.size() + text.size() + elements_.size() * 16);
  for (std::size_t i = 0; i < elements_.size(); ++i) {
    const std::string* name = shown(names_[i]);
    if (name == nullptr) continue;
    if (!first) out += ',';
    first = false;
    const Element& element = elements_[i];
    out += text.substr(element.begin, element.name_begin - element.begin);
    json::append_string(out, *name);
    out += text.substr(element.name_end, element.end - element.name_end);
  }
}

void ListPart::drop_text() {
  std::string().swap(text_);
  std::vector<Element>().swap(elements_);
}

}  // namespace doorward::gateway
