#pragma once

#include <span>
#include <string>
#include <string_view>

#include "json/value.h"
#include "upstream/settings.h"

namespace doorward::gateway {

/// The arguments of a server that the gateway fills with credentials: agents neither see nor send them.
using InjectedArguments = std::span<const upstream::InjectedArgument>;

/// The name of an injected argument that a call brings along itself; empty where it brings none.
std::string_view injected_in(InjectedArguments injected, std::string_view tool, json::Value arguments);

/// Appends the members to add to the arguments of a call, without braces: `"api_key":"..."`. Nothing where
/// none applies to the tool.
void append_injected(std::string& out, InjectedArguments injected, std::string_view tool);

/// Appends the definition of a tool as agents see it: without these arguments in the `properties` and
/// `required` of its inputSchema. Every other byte stays.
void append_without_injected(std::string& out, std::string_view text, json::Value tool,
                             InjectedArguments injected);

}  // namespace doorward::gateway
