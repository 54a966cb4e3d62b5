#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/head.h"
#include "http/request_head.h"

namespace doorward::http {

enum class MediaType : std::uint8_t { json, event_stream, other };

/// The media type of a Content-Type value. Parameters are skipped, but `charset` must be utf-8; a list or
/// anything malformed is `other`.
MediaType media_type(std::string_view content_type);

/// What a request must have before its body is read as JSON: `application/json`, coded as identity (T096,
/// T099: 415 otherwise). Nothing where all is well.
std::optional<Refusal> check_json_request(const RequestHead& head);

/// Whether the Accept lines take this type, by itself or through a wildcard, with a weight above 0. An absent
/// Accept takes everything.
bool accepts(const Headers& headers, std::string_view type, std::string_view subtype);

/// Whether an Accept-Encoding value (RFC 9110 12.5.3) names this coding, or `*`, with a weight above 0. An empty
/// value takes none.
bool accepts_coding(std::string_view accept_encoding, std::string_view coding);

}  // namespace doorward::http
