#include "upstream/builtin.h"

#include <utility>

namespace doorward::upstream {

BuiltinLink::BuiltinLink(io::Loop& loop, Builtin& server, std::shared_ptr<const ServerSettings> settings)
    : loop_(loop), server_(server), settings_(std::move(settings)), requests_(loop, *settings_, *this) {}

Ticket& BuiltinLink::send(std::uint64_t id, std::span<const std::string_view> json, std::string_view grant,
                          Call& call) {
  Ticket& ticket = requests_.add(id, call, false);
  std::string text;
  for (const std::string_view piece : json) text += piece;
  server_.ask(std::move(text), std::string(grant), loop_,
              [link = std::weak_ptr(alive_)](const std::string& answer) {
                if (const auto alive = link.lock()) (*alive)->requests_.take(answer);
              });
  return ticket;
}

}  // namespace doorward::upstream
