// The canonical form of any text is a text of the same value, and its own canonical form.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "json/canonical.h"
#include "json/equal.h"
#include "json/pointer.h"
#include "json/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace doorward::json;
  static Reader reader;
  static Reader second;
  static Canonical canonical;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = reader.read(text);
  if (!value) return 0;
  std::string form;
  canonical.append(*value, form);
  const auto again = second.read(form);
  if (!again || !equal(*value, *again)) std::abort();
  std::string twice;
  canonical.append(*again, twice);
  if (twice != form) std::abort();
  if (!pointer_to(*value, *value).empty()) std::abort();
  return 0;
}
