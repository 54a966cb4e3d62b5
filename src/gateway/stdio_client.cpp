#include "gateway/stdio_client.h"

#include <unistd.h>

#include <cerrno>

#include "gateway/worker.h"

namespace doorward::gateway {

StdioClient::StdioClient(Worker& worker, int output)
    : output_(output),
      lines_(worker.shared().options.body_bytes),
      messages_(worker, *this, DuplexClient::Eras::both) {
  caller_.world = worker.world();
  caller_.grant = &caller_.world->grants().front();
  caller_.server = &worker.link(*caller_.grant->server);
  caller_.client_address = "stdio";
}

void StdioClient::take(std::string_view bytes) {
  std::string_view line;
  for (;;) {
    switch (lines_.next(bytes, line)) {
      case mcp::LineFramer::Step::more:
        return;
      case mcp::LineFramer::Step::too_large:
        messages_.refuse_long(caller_);
        lines_.skip_line();
        break;
      case mcp::LineFramer::Step::line:
        messages_.take(caller_, line);
        break;
    }
  }
}

void StdioClient::refuse(std::string_view error) {
  if (!error.empty()) write({&error, 1});
}

void StdioClient::write(Front::Pieces json) {
  line_.clear();
  std::string message;
  for (std::string_view piece : json) message += piece;
  mcp::append_line(line_, message);
  std::string_view rest = line_;
  while (!rest.empty() && !broken_) {
    const ssize_t written = ::write(output_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    broken_ = written < 0;
    if (!broken_) rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace doorward::gateway
