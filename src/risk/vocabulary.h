#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/category.h"

namespace doorward::risk {

// The words by which tools are classified. The tables are data, in src/risk/rules/, a file each; this reads
// them.

/// How sure it is that a word is a verb where it stands.
enum class Use : std::uint8_t {
  firm,   ///< a verb wherever it stands
  noun,   ///< as often a noun
  light,  ///< says little in a sentence (`perform`, `run`): there what it is done to decides
};

/// A verb; its rule is `verb.<word>`.
struct VerbRow {
  std::string_view word;  ///< lower case
  Category category;
  Use use;
};
std::span<const VerbRow> verbs();

enum class VerbForm : std::uint8_t { base, third, gerund };
struct VerbHit {
  const VerbRow* row = nullptr;
  VerbForm form = VerbForm::base;
  explicit operator bool() const { return row != nullptr; }
};
/// The verb that a word (lower case) is a form of.
VerbHit find_verb(std::string_view word);

/// A verb of two words, of which the first alone says something else or nothing: `roll back`. Its rule is
/// `verb.<first>-<particle>`.
struct PhrasalRow {
  std::string_view first;
  std::string_view particle;
  Category category;
};
std::span<const PhrasalRow> phrasals();
/// The verb that a word and the one behind it (both lower case) are together, the first in any of its forms;
/// its row's word is `<first>-<particle>`, and it is firm.
VerbHit find_phrasal(std::string_view word, std::string_view next);

/// Two words that are a noun together, though the first alone is a verb: `pull request`.
struct CompoundRow {
  std::string_view first;
  std::string_view second;
};
std::span<const CompoundRow> compounds();
/// Whether a word and the one behind it (both lower case) are.
bool is_compound(std::string_view word, std::string_view next);

/// A verb of a language that is written without spaces; its rule is `verb.<id>`.
struct RunRow {
  std::string_view word;
  std::string_view id;
  Category category;
};
std::span<const RunRow> run_verbs();

/// What a noun tells. A word may be in several.
enum class Noun : std::uint8_t {
  reading,     ///< what one asks for: a name that ends in it and has no verb reads (`account_status`)
  money,       ///< what moves money where anything is done to it
  commitment,  ///< what commits money once it is made (`invoice`), where the tool speaks of money elsewhere,
               ///< too
  order,       ///< the same of trading
  coin,  ///< what is money where it is sent (`funds`, `token`), where the tool speaks of money elsewhere, too
  context,  ///< says that a tool speaks of money
  media,    ///< what a generator makes
  process,  ///< what runs: to end it deletes nothing
  code,     ///< what is run by a machine
  inquiry,  ///< what only asks, though one performs or runs it (`search`)
  filler,   ///< says nothing at the begin of a sentence (`this tool allows you to`)
  ticket,   ///< what is settled where it is resolved
  asked,    ///< what one asks for of the word before it
  volume,   ///< what loses its content where it is formatted or reset
  kept,     ///< what is shown where it is opened: to open a record changes nothing
  prose,    ///< what is computed anew where it is cleaned or cut
  tracked,  ///< what is changed where it is converted into something else
  goods,    ///< what is bought where it is ordered
  purse,    ///< what is paid into where it is funded
  about,    ///< what only tells of the word before it: `payment_reminder` pays nothing
};
struct NounRow {
  std::string_view word;  ///< lower case, singular or plural as listed
  Noun noun;
};
std::span<const NounRow> nouns();
/// Whether a word (lower case), or what it is the plural of, is of a kind.
bool is_noun(std::string_view word, Noun noun);

/// Whether a row's category stands where the verb alone is riskier.
enum class Than : std::uint8_t { riskier, either };

/// Verbs that mean something else beside certain nouns; its rule is `together.<id>`.
struct TogetherRow {
  std::string_view id;
  std::string_view verbs;  ///< parted by spaces
  Noun noun;
  int context;  ///< in how many places the tool must speak of money
  Category category;
  Than than;
};
std::span<const TogetherRow> togethers();

/// What a phrase of a description tells.
enum class Tells : std::uint8_t {
  category,  ///< the tool is of this category
  warning,   ///< what a tool that changes something does is for good
  harmless,  ///< the author says that the tool changes nothing: evidence of its own only where no other is
};
/// A phrase; its rule is `phrase.<id>`.
struct PhraseRow {
  std::string_view id;
  std::string_view words;  ///< as Phrases takes them
  Tells tells;
  Category category;
};
std::span<const PhraseRow> phrases();

/// A parameter whose name tells; its rule is `parameter.<name>`.
struct ParameterRow {
  std::string_view name;  ///< its words joined by _
  Category category;
  bool alone;  ///< only where nothing else tells, as the name is often of something else
};
std::span<const ParameterRow> parameters();

}  // namespace doorward::risk
