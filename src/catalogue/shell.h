#pragma once

#include <string>
#include <string_view>

#include "catalogue/record.h"

namespace doorward::catalogue {

/// A word of a POSIX shell that means these bytes and nothing else.
std::string shell_word(std::string_view word);

/// The command that puts a server behind the gateway, out of its packages and remotes; with words in capitals
/// to fill in where the catalogue knows neither.
std::string add_command(const ServerRecord& server);

/// A name for a file and for a policy, out of a tool's or a server's name: [a-z0-9-]{1,60}.
std::string plain_name(std::string_view name);

}  // namespace doorward::catalogue
