#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace doorward::risk {

/// The words of a name or of a text, in lower case and in its order. What separates them is any ASCII byte
/// that is no letter or digit; a byte beyond ASCII is a letter, so that a run of Chinese text is one word.
/// Linear in the text; what stands beyond the bound is not read. Holds a copy of what it read, never the
/// source itself.
class Words {
 public:
  /// Names end their words at changes of case, too: `deleteUser`, `HTTPDelete`, `ec2_StopInstances`.
  static Words of_name(std::string_view name, std::size_t bound = 256);
  /// Prose keeps `don't` and `read-only` in two words each; see `gap` for what stood between.
  static Words of_prose(std::string_view text, std::size_t bound = 16384);

  Words(Words&&) = default;
  Words& operator=(Words&&) = default;

  std::size_t size() const { return ends_.size(); }
  bool empty() const { return ends_.empty(); }
  std::string_view operator[](std::size_t index) const {
    const auto [begin, end] = ends_[index];
    return std::string_view(lower_).substr(begin, end - begin);
  }
  /// Where the word stands in the source: offset of its first byte, and past its last.
  std::size_t begin_of(std::size_t index) const { return ends_[index].begin; }
  std::size_t end_of(std::size_t index) const { return ends_[index].end; }
  /// What stands between the word and the one before it (or the text's begin), in lower case.
  std::string_view gap(std::size_t index) const;
  /// Whether a word of the list is this one (lower case).
  bool has(std::string_view word) const;
  /// Whether these words (lower case, parted by one space) follow each other somewhere; where, or size().
  std::size_t find(std::string_view phrase) const;

 private:
  struct Range {
    std::uint32_t begin;
    std::uint32_t end;
  };
  Words() = default;

  std::string lower_;
  std::vector<Range> ends_;
};

/// The singular of an English noun in lower case, as far as its ending tells: `keys` key, `policies` policy,
/// `branches` branch; `status`, `access` and `address` stay.
std::string singular(std::string_view noun);

/// The forms of an English verb that are regular: for `delete` deletes, deleting, deleted.
struct VerbForms {
  std::string third;   ///< `deletes`, `copies`, `fetches`
  std::string gerund;  ///< `deleting`, `copying`, `stopping`
  std::string past;    ///< `deleted`, `copied`, `stopped`
};
VerbForms forms_of(std::string_view verb);

}  // namespace doorward::risk
