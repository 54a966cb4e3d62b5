#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace doorward::upstream {

/// Finds the secrets that the gateway adds to what it sends to a server, in what comes back, and puts
/// `[masked]` in their place: as they are, percent-encoded, in Base64 (whatever stands around them inside),
/// and escaped as inside a JSON string, up to three times. It guards against a server that repeats what it
/// was given by accident, not against one that hides it on purpose. Immutable; any number of threads.
class Masker {
 public:
  static constexpr std::size_t kShortest = 6;  ///< what is shorter would mask words that are no secret
  static constexpr std::string_view kMask = "[masked]";

  /// `secrets`: printable ASCII. Null where none is long enough.
  static std::shared_ptr<const Masker> make(const std::vector<std::string>& secrets);
  ~Masker();
  Masker(const Masker&) = delete;
  Masker& operator=(const Masker&) = delete;

  /// A JSON text with the secrets masked inside its strings (names of members included); a number that holds
  /// one becomes the text `"[masked]"`. Returns `text` where there is none, else `scratch`, which then holds
  /// the result.
  std::string_view mask_json(std::string_view text, std::string& scratch) const;
  /// The same of a text that is no JSON, such as a line of a log.
  std::string_view mask_text(std::string_view text, std::string& scratch) const;

 private:
  Masker() = default;
  struct Hit;
  bool finds_any(std::string_view in) const;
  void find_all(std::string_view in, std::vector<Hit>& hits) const;

  std::vector<std::string> forms_;
};

/// The masker of a server; null where it is given no secret. Equal to any other, since the secrets themselves
/// are compared where they stand.
struct Masking {
  std::shared_ptr<const Masker> masker;

  bool operator==(const Masking&) const { return true; }
  std::string_view json(std::string_view text, std::string& scratch) const {
    return masker ? masker->mask_json(text, scratch) : text;
  }
  std::string_view text(std::string_view text, std::string& scratch) const {
    return masker ? masker->mask_text(text, scratch) : text;
  }
};

}  // namespace doorward::upstream
