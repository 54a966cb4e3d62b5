// What we accept, simdjson accepts, with the same structure, strings and bounds on numbers. What it accepts
// and we refuse is refused for one of the reasons that we state.
#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "json/reader.h"

namespace {

using doorward::json::Member;
using doorward::json::ReadCode;
using doorward::json::Reader;
using doorward::json::Type;
using doorward::json::Value;
namespace dom = simdjson::dom;

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "reader and simdjson disagree: %s\n", what);
  std::abort();
}

void compare(Value ours, dom::element theirs) {
  switch (ours.type()) {
    case Type::null:
      must(theirs.is_null(), "null");
      break;
    case Type::boolean:
      must(theirs.is_bool() && bool(theirs) == ours.boolean(), "boolean");
      break;
    case Type::number:
      must(theirs.is_number(), "number");
      break;
    case Type::string:
      must(theirs.is_string() && std::string_view(theirs) == ours.string(), "string");
      break;
    case Type::array: {
      must(theirs.is_array(), "array");
      dom::array array = theirs;
      auto it = array.begin();
      for (const Value element : ours.elements()) {
        must(it != array.end(), "too few elements");
        compare(element, *it);
        ++it;
      }
      must(!(it != array.end()), "too many elements");
      break;
    }
    case Type::object: {
      must(theirs.is_object(), "object");
      dom::object object = theirs;
      auto it = object.begin();
      for (const Member member : ours.members()) {
        must(it != object.end(), "too few members");
        must(it.key() == member.key.string(), "key");
        compare(member.value, it.value());
        ++it;
      }
      must(!(it != object.end()), "too many members");
      break;
    }
  }
}

// simdjson refuses integers beyond 64 bits and doubles beyond their range, which we keep as they are spelled.
bool has_big_number(Value value) {
  if (value.is(Type::number))
    return value.number().size() > 17 || value.number().find_first_of("eE") != std::string_view::npos;
  for (const Value element : value.elements()) {
    if (has_big_number(element)) return true;
  }
  for (const Member member : value.members()) {
    if (has_big_number(member.value)) return true;
  }
  return false;
}

bool is_stated_reason(ReadCode code, std::string_view text) {
  switch (code) {
    case ReadCode::duplicate_member:
    case ReadCode::number_range:
    case ReadCode::too_deep:
    case ReadCode::too_large:
      return true;
    case ReadCode::encoding:
      return text.starts_with("\xEF\xBB\xBF") || text.find("\\u") != std::string_view::npos;
    default:
      return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Reader reader;
  static dom::parser parser;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const simdjson::padded_string padded(text);

  const auto ours = reader.read(text);
  dom::element theirs;
  const auto error = parser.parse(padded).get(theirs);
  if (ours) {
    if (error == simdjson::NUMBER_ERROR) {
      must(has_big_number(*ours), "simdjson refuses a number");
    } else {
      must(error == simdjson::SUCCESS, "simdjson refuses what we accept");
      compare(*ours, theirs);
    }
  } else if (error == simdjson::SUCCESS) {
    must(is_stated_reason(ours.error().code, text), ours.error().message.c_str());
    must(ours.error().offset <= size, "the offset lies outside the text");
  }
  return 0;
}
