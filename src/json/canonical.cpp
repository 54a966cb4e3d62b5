#include "json/canonical.h"

#include <algorithm>
#include <string_view>

#include "json/writer.h"

namespace doorward::json {

namespace {

std::string_view bytes(const Node* node) {
  return {node->data, node->size};
}

void append_text(const Node* string, std::string& out) {
  // A string of n bytes between two quotes was spelled without escapes and stands in the text as it should
  // stand here.
  if (string->size + 2 == string->end - string->begin) {
    out.append(string->data - 1, string->size + 2);
  } else {
    append_string(out, bytes(string));
  }
}

}  // namespace

void Canonical::append(Value value, std::string& out) {
  frames_.clear();
  keys_.clear();
  const Node* node = value.node();
  while (node != nullptr) {
    switch (node->type) {
      case Type::null:
        out += "null";
        break;
      case Type::boolean:
        out += node->truth ? "true" : "false";
        break;
      case Type::number:
        out += bytes(node);
        break;
      case Type::string:
        append_text(node, out);
        break;
      case Type::array:
        out += '[';
        if (node->size != 0) {
          frames_.push_back({node, node + 1, node->size - 1, 0, 0});
          node = node + 1;
          continue;
        }
        out += ']';
        break;
      case Type::object:
        out += '{';
        if (node->size != 0) {
          enter_object(node);
          node = write_key(frames_.back(), out);
          continue;
        }
        out += '}';
        break;
    }
    node = next(out);
  }
}

void Canonical::enter_object(const Node* object) {
  const std::size_t first = keys_.size();
  for (const Member member : Value(object).members()) keys_.push_back(member.key.node());
  std::sort(keys_.begin() + static_cast<std::ptrdiff_t>(first), keys_.end(),
            [](const Node* a, const Node* b) { return bytes(a) < bytes(b); });
  frames_.push_back({object, nullptr, 0, first, first});
}

// Writes the key that the frame stands at and returns its value.
const Node* Canonical::write_key(const Frame& frame, std::string& out) const {
  const Node* key = keys_[frame.at];
  append_text(key, out);
  out += ':';
  return key + 1;
}

// Closes what has been written and returns the next value to write, or nothing at the end.
const Node* Canonical::next(std::string& out) {
  while (!frames_.empty()) {
    Frame& frame = frames_.back();
    if (frame.node->type == Type::array) {
      if (frame.left != 0) {
        --frame.left;
        frame.child += frame.child->skip;
        out += ',';
        return frame.child;
      }
      out += ']';
    } else {
      if (++frame.at != keys_.size()) {
        out += ',';
        return write_key(frame, out);
      }
      keys_.resize(frame.first);
      out += '}';
    }
    frames_.pop_back();
  }
  return nullptr;
}

}  // namespace doorward::json
