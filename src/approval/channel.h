#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/fetch.h"

namespace doorward::approval {

/// Where messages go. The secrets in it are values: nobody writes them anywhere.
struct Channel {
  enum class Kind : std::uint8_t { webhook, desktop, mail, slack };
  Kind kind = Kind::webhook;
  std::string name;
  std::vector<std::string> events;  ///< names of those that it wants; empty: all
  std::string url;                  ///< webhook, slack
  std::string secret;               ///< webhook: signs
  bool plain_http = false;
  std::string ca_file;
  io::Mail mail;  ///< all but the message

  bool wants(std::string_view event) const {
    return events.empty() || std::ranges::find(events, event) != events.end();
  }
};

/// The events that a channel can want.
inline constexpr std::string_view kNoticeEvents[] = {"approval.requested", "approval.expiring", "approval.decided",
                                                     "approval.expired", "approval.cancelled"};

}  // namespace doorward::approval
