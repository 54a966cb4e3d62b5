#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "catalogue/catalogue_file.h"
#include "catalogue/index.h"
#include "catalogue/join.h"

namespace doorward::catalogue {

/// Takes listings into the file, inside a transaction.
class Intake {
 public:
  Intake(File& file, std::int64_t now_us) : file_(file), index_(file), now_us_(now_us) {}

  Status take(const Listing& listing);
  const Taken& taken() const { return taken_; }

 private:
  struct Tool;
  using Tools = std::map<std::string, Tool, std::less<>>;
  struct Server {
    std::int64_t id = 0;
    std::string slug;
    bool changed = false;
  };

  Result<Server> find_server(const Listing& listing);
  Result<std::optional<std::int64_t>> join(const Listing& listing);
  Result<std::int64_t> create(const Listing& listing);
  /// Whether the record belongs to another server than it did.
  Result<bool> leaves(std::int64_t server, const Listing& listing, const Listing& before);
  Result<std::vector<Listing>> records_of(std::int64_t server);
  Result<std::optional<Known>> known(std::int64_t server);
  Status renew_listing(Server& server);
  Status forget_tools(std::int64_t server, const Listing& listing);

  /// Whether this listing says what the server's tools are.
  Result<bool> may_say_tools(std::int64_t server, const Listing& listing);
  Status take_tools(Server& server, const Listing& listing);
  Result<Tools> tools_of(const Server& server);
  Status mark_changed(std::int64_t server);
  /// `outer`: the tool that hides this one; empty: none does.
  Status take_tool(Server& server, Tools& tools, std::string_view text, const std::string& outer);
  /// What a tool hides, as its definition and the listing tell.
  Status take_actions(Server& server, Tools& tools, const Listing& listing);
  Result<std::int64_t> definition(const Digest& digest, const Digest& key, std::string_view text);
  Status keep_version(const Tool& tool);
  Status drop_unused(std::int64_t definition);
  Status mark_gone(Server& server, Tool& tool);

  File& file_;
  Index index_;
  std::int64_t now_us_;
  Taken taken_;
  json::Reader reader_;
  json::Canonical canonical_;
};

}  // namespace doorward::catalogue
