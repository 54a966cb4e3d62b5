#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "json/scan.h"
#include "json/writer.h"

namespace doorward::json::testing {

/// A JSON value as a test makes it up, so that one value can be spelled in many ways.
struct Sample {
  enum class Kind : std::uint8_t { literal, number, string, array, object } kind = Kind::literal;
  std::string text;  // literal, number: as spelled; string: its value
  std::vector<Sample> elements;
  std::vector<std::pair<std::string, Sample>> members;
};

/// Makes random values and random spellings of them; the same seed makes the same ones.
class Samples {
 public:
  explicit Samples(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }

  std::string text() {
    std::string out;
    for (std::size_t i = below(below(4) == 0 ? 40 : 6); i > 0; --i) {
      static constexpr char32_t kPoints[] = {'a',    'b',     '"',     '\\',     '/',    '\n',   0,
                                             0x1F,   0x7F,    0xE9,    0x2028,   0x202E, 0xD7FF, 0xE000,
                                             0xFFFD, 0x10000, 0x1F600, 0x10FFFF, ' ',    '{'};
      char bytes[4];
      out.append(bytes, utf8_encode(kPoints[below(std::size(kPoints))], bytes));
    }
    return out;
  }

  std::string number() {
    const auto digits = [this](std::size_t most) {
      std::string out;
      for (std::size_t i = 1 + below(most); i > 0; --i) out += static_cast<char>('0' + below(10));
      return out;
    };
    std::string out = below(3) == 0 ? "-" : "";
    out += below(4) == 0 ? "0"
                         : std::string(1, static_cast<char>('1' + below(9))) + (below(2) ? digits(20) : "");
    if (below(2) == 0) out += "." + digits(12);
    if (below(3) == 0)
      out += std::string(below(2) ? "e" : "E") + (below(2) ? "+" : below(2) ? "-" : "") + digits(2);
    return out;
  }

  Sample value(std::size_t depth) {
    Sample out;
    switch (below(depth == 0 ? 3 : 6)) {
      case 0:
        out.text = std::vector<std::string>{"true", "false", "null"}[below(3)];
        break;
      case 1:
        out.kind = Sample::Kind::number, out.text = number();
        break;
      case 2:
        out.kind = Sample::Kind::string, out.text = text();
        break;
      case 3:
        out.kind = Sample::Kind::array;
        for (std::size_t i = below(5); i > 0; --i) out.elements.push_back(value(depth - 1));
        break;
      default:
        out.kind = Sample::Kind::object;
        for (std::size_t i = below(below(8) == 0 ? 40 : 5); i > 0; --i) {
          std::string key = text();
          const auto same = [&](const auto& member) { return member.first == key; };
          if (std::none_of(out.members.begin(), out.members.end(), same)) {
            out.members.emplace_back(std::move(key), value(depth - 1));
          }
        }
    }
    return out;
  }

  /// The value with random white space, member order and escapes.
  std::string spell(const Sample& sample) {
    std::string out = space();
    switch (sample.kind) {
      case Sample::Kind::literal:
      case Sample::Kind::number:
        out += sample.text;
        break;
      case Sample::Kind::string:
        out += spell_string(sample.text);
        break;
      case Sample::Kind::array:
        out += "[" + space();
        for (const Sample& element : sample.elements) {
          if (&element != &sample.elements.front()) out += ",";
          out += spell(element);
        }
        out += "]";
        break;
      case Sample::Kind::object: {
        auto members = sample.members;
        std::shuffle(members.begin(), members.end(), random_);
        out += "{" + space();
        for (const auto& member : members) {
          if (&member != &members.front()) out += ",";
          out += space() + spell_string(member.first) + space() + ":" + spell(member.second);
        }
        out += "}";
      }
    }
    return out + space();
  }

 private:
  std::string space() {
    return below(4) != 0 ? "" : std::vector<std::string>{" ", "\n", "\r", "\t", "  "}[below(5)];
  }

  std::string spell_string(const std::string& text) {
    if (below(2) == 0) {
      std::string out;
      append_string(out, text, below(2) ? Escape::ascii : Escape::minimal);
      return out;
    }
    std::string out = "\"";
    for (const char* p = text.data(); p != text.data() + text.size();) {
      const unsigned length = utf8_length(p, text.data() + text.size());
      const char32_t point = utf8_decode(p, length);
      if (point == '/') {
        out += "\\/";
      } else if (point < 0x20 || point == '"' || point == '\\' || below(3) == 0) {
        char escape[16];
        if (point < 0x10000) {
          std::snprintf(escape, sizeof escape, "\\u%04X", static_cast<unsigned>(point));
        } else {
          std::snprintf(escape, sizeof escape, "\\u%04x\\u%04x",
                        static_cast<unsigned>(0xD800 + ((point - 0x10000) >> 10)),
                        static_cast<unsigned>(0xDC00 + ((point - 0x10000) & 0x3FF)));
        }
        out += escape;
      } else {
        out.append(p, length);
      }
      p += length;
    }
    return out + "\"";
  }

  std::mt19937_64 random_;
};

}  // namespace doorward::json::testing
