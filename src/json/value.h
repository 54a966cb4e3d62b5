#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace doorward::json {

enum class Type : std::uint8_t { null, boolean, number, string, array, object };

/// One node of a parsed text. A text becomes one array of nodes in reading order: a container is
/// followed by its children, an object's children alternate key and value. Made by json::Reader only.
struct Node {
  const char* data;     ///< string: its bytes after unescaping (UTF-8, no terminator); number: its spelling
  std::uint32_t size;   ///< string, number: bytes at `data`; array: elements; object: members
  std::uint32_t begin;  ///< offset of the value's first byte in the text (a string's quote included)
  std::uint32_t end;    ///< offset past its last byte
  std::uint32_t skip;   ///< nodes from this one to the one that follows its whole subtree
  Type type;
  bool truth;  ///< boolean: its value
};

struct Member;

/// A handle on one value of a parsed text, or on nothing (`!value`): a missing member, an index past the
/// end. Copying is free. Valid while the Reader that made it is neither used again nor destroyed and the
/// text it read is unchanged. Asking a value of another type for its content is a broken invariant.
class Value {
 public:
  constexpr Value() = default;
  constexpr explicit Value(const Node* node) : node_(node) {}

  constexpr explicit operator bool() const { return node_ != nullptr; }
  Type type() const { return node_->type; }
  bool is(Type type) const { return node_ != nullptr && node_->type == type; }

  bool boolean() const { return node_->truth; }
  /// The string's bytes after unescaping: valid UTF-8 without lone surrogates.
  std::string_view string() const { return {node_->data, node_->size}; }
  /// The number exactly as spelled in the text; see json/decimal.h to compare it.
  std::string_view number() const { return {node_->data, node_->size}; }
  /// Elements of an array, or members of an object.
  std::size_t size() const { return node_->size; }

  /// Byte range of the value in the text.
  std::size_t begin_offset() const { return node_->begin; }
  std::size_t end_offset() const { return node_->end; }

  /// The member of an object by its unescaped key; nothing if absent or if this is no object.
  Value find(std::string_view key) const;
  /// The element of an array; nothing if past the end or if this is no array.
  Value at(std::size_t index) const;

  class Elements;
  class Members;
  Elements elements() const;  ///< of an array; of anything else, none
  Members members() const;    ///< of an object; of anything else, none

  const Node* node() const { return node_; }
  friend bool operator==(Value a, Value b) = default;  ///< the same node, not an equal value

 private:
  const Node* node_ = nullptr;
};

/// Whether a value is there and is `true`, or is `false`.
inline bool is_true(Value value) {
  return value.is(Type::boolean) && value.boolean();
}
inline bool is_false(Value value) {
  return value.is(Type::boolean) && !value.boolean();
}

/// The text of an object's member; empty where it is absent or no string. Valid as long as the value.
inline std::string_view text_of(Value object, std::string_view key) {
  const Value value = object.find(key);
  return value.is(Type::string) ? value.string() : std::string_view();
}

struct Member {
  Value key;  ///< a string
  Value value;
};

class Value::Elements {
 public:
  class iterator {
   public:
    using value_type = Value;
    using difference_type = std::ptrdiff_t;
    iterator() = default;
    iterator(const Node* node, std::uint32_t left) : node_(node), left_(left) {}
    Value operator*() const { return Value(node_); }
    iterator& operator++() {
      node_ += node_->skip;
      --left_;
      return *this;
    }
    iterator operator++(int) {
      iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(const iterator& a, const iterator& b) { return a.left_ == b.left_; }

   private:
    const Node* node_ = nullptr;
    std::uint32_t left_ = 0;
  };
  explicit Elements(Value array) : array_(array) {}
  iterator begin() const {
    return array_.is(Type::array) ? iterator(array_.node() + 1, array_.node()->size) : iterator();
  }
  iterator end() const { return {}; }

 private:
  Value array_;
};

class Value::Members {
 public:
  class iterator {
   public:
    using value_type = Member;
    using difference_type = std::ptrdiff_t;
    iterator() = default;
    iterator(const Node* node, std::uint32_t left) : node_(node), left_(left) {}
    Member operator*() const { return {Value(node_), Value(node_ + 1)}; }
    iterator& operator++() {
      node_ += 1 + node_[1].skip;
      --left_;
      return *this;
    }
    iterator operator++(int) {
      iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(const iterator& a, const iterator& b) { return a.left_ == b.left_; }

   private:
    const Node* node_ = nullptr;
    std::uint32_t left_ = 0;
  };
  explicit Members(Value object) : object_(object) {}
  iterator begin() const {
    return object_.is(Type::object) ? iterator(object_.node() + 1, object_.node()->size) : iterator();
  }
  iterator end() const { return {}; }

 private:
  Value object_;
};

inline Value::Elements Value::elements() const {
  return Elements(*this);
}
inline Value::Members Value::members() const {
  return Members(*this);
}

inline Value Value::find(std::string_view key) const {
  for (Member member : members()) {
    if (member.key.string() == key) return member.value;
  }
  return {};
}

inline Value Value::at(std::size_t index) const {
  if (!is(Type::array) || index >= size()) return {};
  const Node* node = node_ + 1;
  for (std::size_t i = 0; i < index; ++i) node += node->skip;
  return Value(node);
}

}  // namespace doorward::json
