#include "risk/signal.h"

namespace doorward::risk {
namespace {

struct Text {
  std::string_view id;
  std::string_view label;
};

constexpr std::array<Text, kSignals> kTexts = {{
    {"handles-secrets", "Handles credentials or secrets"},
    {"returns-secrets", "Returns credentials or secrets"},
    {"accepts-url", "Accepts a URL or endpoint"},
    {"accepts-path", "Accepts a file system path"},
    {"accepts-code", "Accepts free-form code or a query"},
    {"accepts-markup", "Accepts raw HTML or a template"},
    {"many-parameters", "Many parameters (10 or more)"},
    {"bulk", "Bulk operation, affects several targets"},
    {"admin", "Admin or system level"},
    {"live-infrastructure", "Changes live infrastructure"},
    {"costs-money", "Costs money per call"},
    {"untrusted-content", "Reads content that others wrote"},
    {"private-data", "Reads private data"},
    {"sends-out", "Sends data out"},
    {"raw-api", "Raw API escape hatch"},
    {"irreversible", "Irreversible, no undo"},
    {"opaque-argument", "Opaque argument (JSON or code inside a string)"},
    {"many-actions", "Hides many actions behind one argument"},
}};

}  // namespace

std::string_view to_string(Signal signal) {
  return kTexts[static_cast<std::size_t>(signal)].id;
}

std::string_view label(Signal signal) {
  return kTexts[static_cast<std::size_t>(signal)].label;
}

std::optional<Signal> parse_signal(std::string_view id) {
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    if (kTexts[i].id == id) return static_cast<Signal>(i);
  }
  return std::nullopt;
}

}  // namespace doorward::risk
