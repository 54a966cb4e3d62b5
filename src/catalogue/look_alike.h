#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/catalogue.h"
#include "catalogue/listing.h"

/// Names that may be meant to be taken for another's (attack pattern `supply-chain`). A likeness is a reason
/// to look, not a verdict: two people may choose like names without a thought of each other.
namespace doorward::catalogue {

enum class Likeness : std::uint8_t {
  confusable,  ///< the same to the eye: letters of other scripts, 0 for o, rn for m
  separators,  ///< the same letters, other separators or no scope: `@a/b-c`, `a-b-c`, `a_bc`
  typo,        ///< one letter added, left out, changed or swapped with its neighbour
  claim,       ///< the other name and a word that says it is the true one: `official`, `verified`
  owner,       ///< the namespace is one letter beside that of another publisher of a server with this name
  publisher,   ///< the record says that it is of one publisher, its repository belongs to another
};
/// `confusable`, `separators`, ...
std::string_view to_string(Likeness how);

struct LookAlike {
  Likeness how;
  std::string name;   ///< what of the server is like
  std::string other;  ///< what it is like
  std::string slug;   ///< the server that has that; empty where none is known (`publisher`)
  std::string why;    ///< one sentence for a person
};

/// The owners that a record names: the namespace of its name, the scopes of its packages, the owner of its
/// repository; in small letters. Two records with one in common are of one hand.
std::vector<std::string> owners_of(const Listing& listing);

/// The names that are known, so arranged that the like of one are found without comparing it with each.
class LookAlikes {
 public:
  LookAlikes();
  ~LookAlikes();
  LookAlikes(LookAlikes&&) noexcept;
  LookAlikes& operator=(LookAlikes&&) noexcept;

  /// Of every server of the catalogue.
  static Result<LookAlikes> of(Catalogue& catalogue);

  void add(std::string_view slug, const Listing& listing);
  /// After the last add, before the first like().
  void arrange();

  /// What a server's names are like: of servers of other owners, at most twenty, the surest first. `slug`:
  /// its own where it is in the catalogue, so that it is not like itself.
  std::vector<LookAlike> like(const Listing& listing, std::string_view slug = {}) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether the record contradicts itself about who publishes it; nothing needs to be known for that. Empty or
/// one.
std::vector<LookAlike> contradictions(const Listing& listing);

}  // namespace doorward::catalogue
