#pragma once

#include <span>
#include <string>

#include "catalogue/grade.h"
#include "catalogue/record.h"
#include "json/writer.h"

/// A server as others read it from our own registry: the form of the official API (`ServerResponse` of its
/// OpenAPI document), with what we know beside it.
namespace doorward::catalogue {

/// The member of `_meta` that carries what the official form has no place for.
inline constexpr std::string_view kOwnMeta = "dev.doorward/record";

/// Appends one item of a list: `server`, and `_meta` with the state and, under our own key, the slug and the
/// numbers of tools. What the form demands and no source said is filled: a name without a namespace becomes
/// `local.doorward/<slug>`, a version that is not known `0.0.0`; a description is cut to 100 characters.
void write_registry_item(json::Writer& writer, const ServerRecord& server);

/// The record of one server: the members of an item, beside them `slug`, `grade`, `gradeReasons`, `identity`,
/// `posture`, `toolCount` and `tools`, the riskiest first, each with the rule that we recommend for it.
std::string registry_record(const ServerRecord& server, std::span<const ToolRecord> tools,
                            const Grade& grade);

}  // namespace doorward::catalogue
