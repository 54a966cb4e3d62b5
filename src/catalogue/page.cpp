#include "catalogue/page.h"

#include <array>

namespace doorward::catalogue {
namespace {

constexpr std::array<std::string_view, 5> kKinds = {"index", "server", "tool", "stack", "attack"};

bool is_web_address(std::string_view url) {
  return url.starts_with("https://") || url.starts_with("http://");
}

}  // namespace

std::string_view to_string(PageKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::optional<PageKind> parse_page_kind(std::string_view name) {
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (kKinds[i] == name) return static_cast<PageKind>(i);
  }
  return std::nullopt;
}

Run plain(std::string_view text) {
  return {.text = std::string(text)};
}
Run strong(std::string_view text) {
  return {.style = Run::Style::strong, .text = std::string(text)};
}
Run code(std::string_view text) {
  return {.style = Run::Style::code, .text = std::string(text)};
}
Run cited(std::string_view text) {
  return {.style = Run::Style::quoted, .text = std::string(text)};
}
Run badge(Severity severity) {
  return {.style = Run::Style::severity, .text = std::string(to_string(severity)), .severity = severity};
}
Run badge(Category category) {
  return {.style = Run::Style::category,
          .text = std::string(doorward::to_string(category)),
          .severity = category_severity(category)};
}
Run link(std::string_view text, PageRef page) {
  return {.text = std::string(text), .page = std::move(page)};
}
Run code_link(std::string_view text, PageRef page) {
  return {.style = Run::Style::code, .text = std::string(text), .page = std::move(page)};
}
Run outside(std::string_view text, std::string_view url) {
  return {.text = std::string(text), .url = is_web_address(url) ? std::string(url) : std::string()};
}

}  // namespace doorward::catalogue
