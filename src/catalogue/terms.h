#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/category.h"
#include "base/severity.h"
#include "risk/signal.h"

/// What the full-text indexes of the catalogue hold, and how they are asked. A document is a line of terms:
///
///   delete      a word of its name, its server's name or its description
///   .delete     a word of its name
///   =delete_user   its whole name
///   #c3 #g5 #v17   what filters ask for: category, signal, server; for a server also severity #s2
///   #a          every document has it
///
/// Words hold ASCII letters, digits and bytes beyond ASCII only, so that no text can spell a mark, and each
/// is one term of the index's tokenizer, so that no text can be a phrase, an operator or an error of the
/// query language.
namespace doorward::catalogue {

inline constexpr std::size_t kMostQueryWords = 12;
/// A longer word of a query is looked for by this many of its first bytes: `configuration` finds `configure`, too. With
/// the mark before it, as many as the longest list of beginnings has (catalogue/schema.cpp).
inline constexpr std::size_t kLongestBeginning = 8;

/// The words of a name (split at changes of case too) or of a text; in order, in lower case, each at most 64
/// bytes. Invisible characters are none; punctuation of any script separates.
std::vector<std::string> name_words(std::string_view name);
std::vector<std::string> text_words(std::string_view text);

/// Signals as a number, a bit each in the order of the enumeration.
using SignalBits = std::uint32_t;
constexpr SignalBits bit_of(risk::Signal signal) {
  return SignalBits{1} << static_cast<unsigned>(signal);
}

std::string category_term(Category category);
std::string severity_term(Severity severity);
std::string signal_term(risk::Signal signal);
std::string server_term(std::int64_t server);
inline constexpr std::string_view kEvery = "#a";

struct ToolTerms {
  std::string_view name;
  std::string_view description;
  std::string_view slug;  ///< of its server
  std::int64_t server;
  Category category;
  SignalBits signals;
};
std::string terms_of(const ToolTerms& tool);

/// What stands in the index for a server.
struct ServerTerms {
  std::vector<std::string_view> names;  ///< slug, name, title, identifiers of packages
  std::vector<std::string_view> texts;
  std::vector<std::string> facets;
};
std::string terms_of(const ServerTerms& server);

/// The stages of a ranking, best first, as expressions for MATCH that exclude each other; none of them is
/// empty.
std::vector<std::string> stages(std::string_view words, const std::vector<std::string>& facets);
/// What all of the stages find together.
std::string anywhere(std::string_view words, const std::vector<std::string>& facets);

/// The place of a tool in its index: riskier first, then by its number.
std::int64_t place_of(Category category, Severity severity, std::int64_t id);
/// The first place of those whose severity is lower than this.
std::int64_t end_of(Severity at_least);
/// The place of a server: more tools first, by powers of two.
std::int64_t place_of(std::size_t tools, std::int64_t id);
/// The number in a place.
std::int64_t id_at(std::int64_t place);

}  // namespace doorward::catalogue
