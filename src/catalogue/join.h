#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/listing.h"

/// Which records of different sources tell of one server (catalogue.md section 5). Records are claims:
/// anybody may publish one that names somebody else's repository, package or endpoint. So a record joins a
/// server only where it and the server's own records agree on something that one of them cannot have made up,
/// and contradict each other in nothing; a claim that joins adds nothing to the server; and what is not
/// joined stands beside it as a server of its own. Pure.
namespace doorward::catalogue {

/// How far a record's word counts. The better one describes the server and says what its tools are.
enum class Standing : std::uint8_t {
  none,
  claimed,  ///< published by anybody
  vouched,  ///< by a registry that checks who publishes what, or a list kept by people
  scanned,  ///< met by a scan on this machine
  live,     ///< met by this gateway
};
Standing standing_of(std::string_view source);

/// A repository: `github.com/owner/name` in small letters, and the folder inside it that the server is in.
struct Repository {
  std::string root;
  std::string folder;
  bool operator==(const Repository&) const = default;
};
/// Of any spelling: https, git@, ssh, `.git`, a slash at the end, `/tree/main/folder`. Nothing of a text that
/// is none.
std::optional<Repository> repository_of(std::string_view url);

/// An endpoint as it is compared: scheme, host in small letters, port where it is not the usual one, path;
/// without user, query and fragment, which may be secret. Empty where it is no http or https URL.
std::string endpoint_of(std::string_view url);

/// A package as it is compared: its normal form (catalogue/package.h) without the version, in small letters.
std::string package_key(std::string_view registry, std::string_view identifier);

/// The words that tell a server from others: those of the last part of its name without `mcp`, `server` and
/// the like; where none is left, those of its owner. Sorted, joined by `-`.
std::string core_of(std::string_view name);

enum class KeyKind : std::uint8_t {
  repository,
  package,
  endpoint,
  name,    ///< with its namespace
  called,  ///< any name of a record: what people may call the server, never a reason to join
};
struct Key {
  KeyKind kind;
  std::string value;
  bool operator==(const Key&) const = default;
};
/// By what a server is found that this listing describes. A name is one only where it holds a namespace
/// (`io.github.owner/name`): `github` is everybody's.
std::vector<Key> keys_of(const Listing& listing);

/// Whether the record may say that it is in its repository: its source checks, or its name is in the
/// namespace of the repository's owner.
bool owns_repository(const Listing& record);

/// A server as a record is compared with it.
struct Known {
  Listing listing;       ///< joined
  Standing standing;     ///< the best of its records
  bool owns_repository;  ///< of one of its records at least
  bool has_live;         ///< a server of this gateway is part of it already
};
/// Why the record tells of this server: `repository`, `package`, `endpoint`, `name`; empty: it does not.
std::string_view why_joined(const Listing& record, const Known& server);

/// One listing of what the records say, best first: texts of the first that has them, packages and endpoints
/// of all. Of each source one record counts: the one in whose namespace the repository is, else the oldest. One
/// that is only claimed counts where no better one is there. `records` oldest first, not empty; the result has
/// no tools.
Listing merge(std::span<const Listing> records);

/// What those records make of a server.
Known known_of(std::span<const Listing> records);

/// `[a-z0-9-]{1,60}` of a record's name, `server` where nothing is left; of a claim with its source in front,
/// so that nobody takes the slug of a server that somebody vouches for.
std::string slug_of(const Listing& listing);

}  // namespace doorward::catalogue
