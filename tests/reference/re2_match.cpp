// RE2 as policy.md section 4 uses it, for the reference evaluator.
//
// Request on stdin: "<pattern bytes> <text bytes>\n", then the pattern, then the text, nothing between.
// Answer on stdout: "1\n" found, "0\n" not found, "E\n" refused pattern.

#include <re2/re2.h>

#include <cstddef>
#include <iostream>
#include <memory>
#include <string>
#include <unordered_map>

namespace {

constexpr int kMaxInstructions = 10000;
constexpr std::size_t kMaxCached = 1000;

// The index after a character class that opens at `at`.
std::size_t after_class(const std::string& pattern, std::size_t at) {
  ++at;
  if (at < pattern.size() && pattern[at] == '^') ++at;
  if (at < pattern.size() && pattern[at] == ']') ++at;
  while (at < pattern.size() && pattern[at] != ']') {
    if (pattern[at] == '\\') {
      at += 2;
    } else if (pattern.compare(at, 2, "[:") == 0 && pattern.find(":]", at + 2) != std::string::npos) {
      at = pattern.find(":]", at + 2) + 2;
    } else {
      ++at;
    }
  }
  return at + 1;
}

// `m` among the flags of a group, set or cleared, or \C anywhere but in quoted text.
bool uses_refused_syntax(const std::string& pattern) {
  std::size_t at = 0;
  while (at < pattern.size()) {
    if (pattern.compare(at, 2, "\\Q") == 0) {
      const std::size_t end = pattern.find("\\E", at + 2);
      if (end == std::string::npos) return false;
      at = end + 2;
    } else if (pattern.compare(at, 2, "\\C") == 0) {
      return true;
    } else if (pattern[at] == '\\') {
      at += 2;
    } else if (pattern[at] == '[') {
      at = after_class(pattern, at);
    } else if (pattern.compare(at, 2, "(?") == 0) {
      at += 2;
      for (; at < pattern.size() && std::string("imsU-").find(pattern[at]) != std::string::npos; ++at) {
        if (pattern[at] == 'm') return true;
      }
    } else {
      ++at;
    }
  }
  return false;
}

std::unique_ptr<RE2> compile(const std::string& pattern) {
  if (uses_refused_syntax(pattern)) return nullptr;
  RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_unique<RE2>(pattern, options);
  if (!compiled->ok() || compiled->ProgramSize() > kMaxInstructions) return nullptr;
  return compiled;
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::unordered_map<std::string, std::unique_ptr<RE2>> cache;
  std::size_t pattern_size = 0;
  std::size_t text_size = 0;
  while (std::cin >> pattern_size >> text_size) {
    std::string pattern(pattern_size, '\0');
    std::string text(text_size, '\0');
    if (std::cin.get() != '\n') return 1;
    if (!std::cin.read(pattern.data(), static_cast<std::streamsize>(pattern_size))) return 1;
    if (!std::cin.read(text.data(), static_cast<std::streamsize>(text_size))) return 1;
    auto found = cache.find(pattern);
    if (found == cache.end()) {
      if (cache.size() >= kMaxCached) cache.clear();
      found = cache.emplace(pattern, compile(pattern)).first;
    }
    const RE2* compiled = found->second.get();
    const bool match =
        compiled != nullptr && compiled->Match(text, 0, text.size(), RE2::UNANCHORED, nullptr, 0);
    std::cout << (compiled == nullptr ? "E\n" : match ? "1\n" : "0\n") << std::flush;
  }
  return 0;
}
