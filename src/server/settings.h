#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/writer.h"
#include "server/config.h"
#include "yaml/tree.h"

namespace doorward::server {

/// One setting as people read it; never a secret's value.
struct Setting {
  std::string name;     ///< as the configuration spells it: `limits.body`
  std::string value;    ///< as the configuration spells it; several joined by `, `; empty: none
  std::string warning = {};  ///< what a person should know of it, or empty
  std::string_view given_by = {};  ///< `flag` or `environment`, where one did; else the file or the default holds
};

struct SettingGroup {
  std::string_view name;   ///< `listeners`, ...
  std::string_view title;  ///< for people
  std::vector<Setting> settings;
};

/// What of the settings is no configuration.
struct SettingFacts {
  std::string listen;       ///< bound addresses
  std::string admin;        ///< empty: the Unix socket alone
  bool speaks_tls = false;
  bool admin_speaks_tls = false;
  std::string state;
  std::string_view state_by;   ///< `flag`, `environment` or empty
  std::string_view listen_by;  ///< `flag` or empty
  unsigned workers = 0;
};

/// Everything that the page of settings shows, subject by subject.
std::vector<SettingGroup> settings_of(const Config& config, const SettingFacts& facts);

/// As a JSON array: each setting with its source. `file`: the text of the configuration file as it was read last, a null
/// node where there is none.
void write_settings(json::Writer& writer, const std::vector<SettingGroup>& groups, const std::string& path,
                    const yaml::Node& file);

}  // namespace doorward::server
