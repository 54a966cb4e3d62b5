#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/page.h"
#include "catalogue/record.h"

namespace doorward::catalogue {

/// What pages of several kinds say alike.

/// What people call a server: its title, else its name.
std::string name_of(const ServerRecord& server);
/// With a capital.
std::string capital(std::string_view text);
/// A badge for what a piece of evidence says; plain text where that is neither a category nor a severity.
Run says_badge(std::string_view says);
/// `npm package portkey-admin-mcp 0.12.0`.
Text package_text(const Package& package);

/// Tokens that a text of so many bytes costs a model: a quarter of the bytes, an estimate.
std::size_t tokens_of(std::size_t bytes);
/// `about 190 tokens (760 bytes)`.
std::string token_text(std::size_t bytes);
/// The context window that shares are told of.
inline constexpr std::size_t kWindowTokens = 200'000;

/// What differs between two definitions.
Changes changes_between(std::string_view before, std::string_view after);

/// Of these tools the ones whose names share the most words with a tool's, rare words first; at most `most`.
std::vector<ToolRecord> nearest_by_name(const ToolRecord& tool, std::span<const ToolRecord> others,
                                        std::size_t most);

/// What the description of a tool begins with: its first sentence, cut where it is long; or empty.
std::string opening_of(const ToolRecord& tool);

/// Tools as rows: name, category, severity and what the description begins with.
Table tool_table(std::string_view caption, std::span<const ToolRecord> tools, bool with_server);

/// The same as bars: how many tools of each category, of each severity.
Bars category_bars(std::span<const std::size_t, kCategories.size()> counts);
Bars severity_bars(std::span<const std::size_t, kSeverities.size()> counts);

}  // namespace doorward::catalogue
