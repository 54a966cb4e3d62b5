#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace doorward::cli {

class Session;

/// Lets a running gateway record what this command did with its log: audit.verified, audit.proved, audit.exported or
/// audit.bundled. Where none runs, or it does not answer, nothing is recorded: the files can be read by whoever may.
void tell_gateway(Session& session, std::string_view what, std::string_view detail, std::optional<std::int64_t> records);

}  // namespace doorward::cli
