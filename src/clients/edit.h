#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "clients/tree.h"

namespace doorward::clients {

/// Keys from the root of a file down to a value. A step into a list takes the item whose member `name` this is.
using KeyPath = std::vector<std::string>;

/// What is done to one object of a file.
struct Change {
  std::vector<std::string> drop;  ///< members that go; one that is not there is passed over
  /// Members that are to be there, each with its key. One that is there gets the new value in its place; a new one
  /// stands where the first dropped one stood, else last.
  std::vector<Node> put;
};

/// Edits of configuration files by byte range: what is not edited stays byte for byte, comments, order, line ends,
/// indentation, byte-order mark and all. New text takes the style of its surroundings. Every result was read again and
/// says what was meant, and nothing else has changed; where that cannot be had, the error is `invalid` and says so.
/// A file that cannot be read is `invalid`, a missing object `not_found`.
///
/// Objects on the way that are missing are made; an empty text becomes a file.
Result<std::string> edit_object(std::string_view text, Format format, const KeyPath& object, const Change& change);

/// The bytes of a member, from its key to the end of its value; of an item of a list its value. A TOML table is all
/// that says something of it: its header, its keys and its subtables.
Result<std::string> bytes_of(std::string_view text, Format format, const KeyPath& member);

/// Puts bytes, such as bytes_of gave before, in the place of a member.
Result<std::string> replace_bytes(std::string_view text, Format format, const KeyPath& member, std::string_view bytes);

/// Whether a member says what these bytes say, however it is laid out: some clients write their files anew.
bool says(std::string_view text, Format format, const KeyPath& member, std::string_view bytes);

/// Where the servers of a location stand in this tree: its key as one word where there is such a member or none at
/// all, else step by step (Node::find_path).
KeyPath servers_path(const Node& root, std::string_view key);

/// The value at a path; null where there is none.
const Node* find_at(const Node& root, const KeyPath& path);

/// Whether two values are the same, places and the order of members aside.
bool same_value(const Node& a, const Node& b);

/// Values to put.
Node text_member(std::string_view key, std::string_view text);
Node number_member(std::string_view key, long number);
Node list_member(std::string_view key, const std::vector<std::string>& texts);
Node object_member(std::string_view key, std::vector<Node> members);

}  // namespace doorward::clients
