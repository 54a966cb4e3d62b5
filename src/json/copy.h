#pragma once

#include <string>
#include <string_view>

#include "json/value.h"
#include "json/writer.h"

namespace doorward::json {

/// The bytes of a value in the text that it was read from; nothing for nothing.
inline std::string_view text_of(std::string_view text, Value value) {
  return value ? text.substr(value.begin_offset(), value.end_offset() - value.begin_offset())
               : std::string_view();
}

/// Writes an object that is mostly a copy of another, member by member; sets the braces and the commas.
///
///   ObjectCopy copy(out, text);
///   for (Member member : object.members()) copy.keep(member);
///   copy.key("added") += "true";
///   copy.end();
class ObjectCopy {
 public:
  ObjectCopy(std::string& out, std::string_view text) : out_(&out), text_(text) { out += '{'; }

  /// The member as it stands in the text.
  void keep(Member member) {
    separate();
    out_->append(text_.substr(member.key.begin_offset(),
                              member.value.end_offset() - member.key.begin_offset()));
  }
  /// Writes a key; the caller appends one value to what this returns.
  std::string& key(std::string_view name) {
    separate();
    append_string(*out_, name);
    *out_ += ':';
    return *out_;
  }
  void end() { *out_ += '}'; }
  bool empty() const { return empty_; }

 private:
  void separate() {
    if (!empty_) *out_ += ',';
    empty_ = false;
  }
  std::string* out_;
  std::string_view text_;
  bool empty_ = true;
};

/// Writes an array with `append(std::string&, Value)` for each element of another; an element for which that
/// appends nothing is left out. What is no array is copied as it stands.
template <typename Append>
void append_each(std::string& out, std::string_view text, Value array, Append&& append) {
  if (!array.is(Type::array)) {
    out += text_of(text, array);
    return;
  }
  out += '[';
  bool first = true;
  for (const Value element : array.elements()) {
    const std::size_t before = out.size();
    if (!first) out += ',';
    const std::size_t begin = out.size();
    append(out, element);
    if (out.size() == begin) {
      out.resize(before);
    } else {
      first = false;
    }
  }
  out += ']';
}

}  // namespace doorward::json
