#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "catalogue/import.h"
#include "json/reader.h"

/// What the adapters share. Everything here reads hostile text.
namespace doorward::catalogue::parts {

inline constexpr std::size_t kMostRecords = 1u << 21;       ///< of one document
inline constexpr std::size_t kMostSkipped = 100'000;        ///< a document with more is not of the shape
inline constexpr std::size_t kMostRecordBytes = 16u << 20;  ///< of one record
inline constexpr std::size_t kMostTools = 10'000;           ///< of one server
inline constexpr std::size_t kMostToolBytes = 256u << 10;   ///< of one definition
inline constexpr std::size_t kMostName = 200;
inline constexpr std::size_t kMostShort = 300;  ///< a title, a version, a licence
inline constexpr std::size_t kMostText = 8192;  ///< a description
inline constexpr std::size_t kMostLink = 2048;
inline constexpr std::size_t kMostPlaces = 64;  ///< packages of one server; remotes of one server

/// What a document gives, record by record.
class Intake {
 public:
  /// `source`: of every listing.
  explicit Intake(std::string_view source) : source_(source) {}

  /// Reads one record strictly. Nothing where it is no JSON object: then it is skipped. Valid until the next
  /// record.
  json::Value open(std::string_view text, const std::string& where);
  void skip(std::string where, std::string why);
  /// A listing with the source filled in, for the record that was opened last.
  Listing begin() const;
  /// Where the name is none, the record is skipped and nothing is taken. `source_id` is the name where it is
  /// empty.
  void take(Listing listing);
  /// For shapes that hold versions of one server: keeps the one that ranks highest, the later one of equals.
  void take_version(Listing listing, bool latest);
  void set_next(std::string next) { out_.next = std::move(next); }
  /// `invalid` where hardly anything could be read.
  Result<Imported> finish();

  const std::string& where() const { return where_; }

 private:
  bool fits(Listing& listing);

  struct Rank {
    std::size_t index = 0;
    bool latest = false;
    std::int64_t updated_us = 0;
  };

  std::string_view source_;
  std::string where_;
  json::Reader reader_;
  Imported out_;
  std::map<std::string, Rank, std::less<>> taken_;
};

/// The elements of a document's list, or the members of its map, with where they stand (`/servers/3`).
struct Record {
  std::string name;  ///< of a member of a map: its key
  std::string_view text;
  std::string where;
};
/// Calls `each` for the parts of `container`, which stands at `where`. What is broken is skipped, saying so.
void for_each_record(Intake& intake, std::string_view container, const std::string& where,
                     const std::function<void(const Record&)>& each);

/// Why a text cannot be the name of a server or tool, or empty: none, too long, or it holds what nobody sees.
std::string wrong_name(std::string_view name, std::size_t most);

/// A text member under the first of the keys that has one, cut to `most` bytes between two characters; NUL
/// becomes U+FFFD.
std::string text_at(json::Value object, std::initializer_list<std::string_view> keys, std::size_t most);
/// The same for a value.
std::string clean(std::string_view text, std::size_t most);

/// An http or https link without user information. Anything else (`javascript:`, `file:`) is left out, saying
/// so.
std::string link_at(Intake& intake, json::Value object, std::initializer_list<std::string_view> keys);
bool is_link(std::string_view text);

/// Microseconds of an RFC 3339 time; 0 where there is none.
std::int64_t time_at(json::Value object, std::initializer_list<std::string_view> keys);

bool is_true(json::Value object, std::initializer_list<std::string_view> keys);

/// Adds a package, as the catalogue spells it; one without a name is left out.
void add_package(Listing& listing, Package package);
/// Adds an endpoint; one that is no http or https URL is left out, saying so. A template (`{base}/mcp`) is
/// kept.
void add_remote(Intake& intake, Listing& listing, Remote remote, std::string_view where);

/// The tools of one listing.
class Tools {
 public:
  Tools(Intake& intake, Listing& listing) : intake_(intake), listing_(listing) {}

  /// A definition as `tools/list` would give it, taken as it stands. `text`: what `tool` was read from.
  void add_whole(json::Value tool, std::string_view text, std::string_view where);
  /// A name alone.
  void add_name(std::string_view name, std::string_view where);
  /// A definition in words of another shape: parameters by name, type and description.
  struct Parameter {
    std::string_view name;
    std::string_view type;  ///< a type of JSON Schema; anything else is left out
    std::string_view description;
  };
  void add_described(std::string_view name, std::string_view description,
                     std::span<const Parameter> parameters, std::string_view where);

 private:
  bool fits(std::string_view name, std::string_view where);

  Intake& intake_;
  Listing& listing_;
  std::set<std::string, std::less<>> names_;
  bool too_many_ = false;
};

/// The keys of a JSON object or the top level of a YAML text, for telling shapes apart.
std::set<std::string, std::less<>> top_keys(std::string_view document);
bool is_json(std::string_view document);

/// A YAML document as JSON, a JSON one as it is. `storage` holds the text where it had to be made.
Result<std::string_view> as_json(std::string_view document, std::string& storage);

}  // namespace doorward::catalogue::parts
