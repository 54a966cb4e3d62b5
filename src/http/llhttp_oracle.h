#pragma once

#include <llhttp.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/chars.h"
#include "http/whole_message.h"

namespace doorward::http {

/// llhttp's reading of one message. For fuzz targets: whatever we accept, llhttp must accept too, with the
/// same first line, headers and body.
struct LlhttpMessage {
  bool complete = false;
  std::string error;
  std::string first;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool last_chunk = false;  ///< reached: what follows are trailers, in which llhttp refuses more than we do
};

namespace detail {

inline LlhttpMessage& message_of(llhttp_t* parser) {
  return *static_cast<LlhttpMessage*>(parser->data);
}

inline int on_header_field(llhttp_t* parser, const char* at, std::size_t size) {
  auto& headers = message_of(parser).headers;
  if (headers.empty() || headers.back().second != "\n") headers.emplace_back("", "\n");
  headers.back().first.append(at, size);
  return 0;
}
inline int on_header_value(llhttp_t* parser, const char* at, std::size_t size) {
  auto& value = message_of(parser).headers.back().second;
  if (value == "\n") value.clear();
  value.append(at, size);
  return 0;
}
inline int on_header_value_complete(llhttp_t* parser) {
  auto& value = message_of(parser).headers.back().second;
  if (value == "\n") value.clear();
  while (!value.empty() && is_blank(value.back())) value.pop_back();
  return 0;
}

}  // namespace detail

inline LlhttpMessage read_with_llhttp(std::string_view bytes, bool request, bool then_eof) {
  LlhttpMessage out;
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_url = [](llhttp_t* parser, const char* at, std::size_t size) {
    detail::message_of(parser).first.append(at, size);
    return 0;
  };
  settings.on_header_field = detail::on_header_field;
  settings.on_header_value = detail::on_header_value;
  settings.on_header_value_complete = detail::on_header_value_complete;
  settings.on_headers_complete = [](llhttp_t* parser) {
    LlhttpMessage& message = detail::message_of(parser);
    if (parser->type == HTTP_REQUEST) {
      const auto method = static_cast<llhttp_method_t>(parser->method);
      message.first = llhttp_method_name(method) + (" " + message.first);
    } else {
      message.first = std::to_string(parser->status_code);
    }
    return 0;
  };
  settings.on_chunk_header = [](llhttp_t* parser) {
    detail::message_of(parser).last_chunk = parser->content_length == 0;
    return 0;
  };
  settings.on_body = [](llhttp_t* parser, const char* at, std::size_t size) {
    detail::message_of(parser).body.append(at, size);
    return 0;
  };
  settings.on_message_complete = [](llhttp_t* parser) {
    // Interim responses are skipped, as ResponseHead does.
    if (parser->type == HTTP_RESPONSE && parser->status_code < 200) {
      detail::message_of(parser) = LlhttpMessage();
      return 0;
    }
    detail::message_of(parser).complete = true;
    return static_cast<int>(HPE_PAUSED);
  };
  llhttp_t parser;
  llhttp_init(&parser, request ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
  parser.data = &out;
  const llhttp_errno_t error = llhttp_execute(&parser, bytes.data(), bytes.size());
  if (error == HPE_OK && then_eof) llhttp_finish(&parser);
  out.error = llhttp_errno_name(error);
  return out;
}

[[noreturn]] inline void disagree(const char* what, const std::string& ours, const std::string& theirs) {
  std::fprintf(stderr, "we and llhttp disagree on %s:\n  ours   %s\n  llhttp %s\n", what, ours.c_str(),
               theirs.c_str());
  std::abort();
}

/// Aborts where llhttp reads the message that we accepted in another way.
inline void compare_with_llhttp(const WholeMessage& ours, const LlhttpMessage& theirs) {
  if (!theirs.complete && !theirs.last_chunk)
    disagree("the message being acceptable", ours.first, theirs.error);
  if (ours.first != theirs.first) disagree("the first line", ours.first, theirs.first);
  if (ours.body != theirs.body) disagree("the body", ours.body, theirs.body);
  // Trailers stand behind the headers in llhttp's list; we throw them away.
  if (theirs.headers.size() < ours.headers.size()) disagree("the number of headers", "", "");
  for (std::size_t i = 0; i < ours.headers.size(); ++i) {
    if (ours.headers[i] != theirs.headers[i]) {
      disagree("a header", ours.headers[i].first + ": " + ours.headers[i].second,
               theirs.headers[i].first + ": " + theirs.headers[i].second);
    }
  }
}

}  // namespace doorward::http
