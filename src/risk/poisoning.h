#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace doorward::risk {

/// What in a tool's definition may be meant for the model behind the back of its user (attack pattern
/// `tool-poisoning`, docs/pinning.md). A sign is a reason to look, not a verdict.
enum class SignKind : std::uint8_t {
  instruction,  ///< orders to the model that no description needs: to forget its instructions, a tag such as <IMPORTANT>
  secrecy,      ///< the user is not to know
  secrets,      ///< a key, a credential or a conversation is to be read or handed over
  tool_order,   ///< another tool is to be called first, instead or otherwise than it says
  invisible,    ///< characters that a person does not see
  other_tools,  ///< the name of another server's tool
};
/// `instruction`, `secrecy`, ...
std::string_view to_string(SignKind kind);

struct Sign {
  SignKind kind;
  std::string where;  ///< JSON Pointer into the definition
  std::string words;  ///< what decided, at most 120 bytes of it; invisible characters as U+XXXX
};

/// Whether a word is the name of a tool of another server.
using IsForeignTool = std::function<bool(std::string_view word)>;

/// The signs of one definition, in the order of its text: every string of it is looked at, keys included. Of one kind
/// at most three. Linear in the text; deterministic.
std::vector<Sign> signs_of_poisoning(json::Value tool, const IsForeignTool& is_foreign = {});

}  // namespace doorward::risk
