// mcp_upstream [--port N | --stdio] [--size BYTES] [--sse] [--tools N]: the MCP server behind every benchmark. One thread,
// one loop; answers initialize, server/discover, ping, tools/list and tools/call of both eras over Streamable
// HTTP, with BYTES of text in the result of a call (default 1024), as an event stream with --sse or for the
// tool `stream`. A GET opens a stream that says nothing. Prints the port it listens on. With --stdio it speaks on
// standard input and output instead, until the input ends. --tools adds N tools of half a kilobyte to its list.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "http/body.h"
#include "http/request_head.h"
#include "io/acceptor.h"
#include "io/buffer.h"
#include "io/loop.h"
#include "io/signals.h"
#include "io/stream.h"

namespace doorward::bench {
namespace {

struct Options {
  int port = 0;
  std::size_t size = 1024;
  std::size_t tools = 0;
  bool sse = false;
  bool stdio = false;
};

/// The members of a message that the answer depends on, as they are spelled. Finds top-level members only;
/// trusts that the text is JSON, which the gateway in front has made sure of.
struct Message {
  std::string_view id;
  std::string_view method;
  std::string_view params;
};

std::size_t value_end(std::string_view text, std::size_t at) {
  int depth = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\' ? 1u : 0u;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth-- == 0) return at;
    } else if (c == ',' && depth == 0) {
      return at;
    }
  }
  return at;
}

std::string_view member(std::string_view object, std::string_view name) {
  for (std::size_t at = object.find('{') + 1; at != 0 && at < object.size();) {
    const std::size_t open = object.find('"', at);
    if (open == object.npos) break;
    const std::size_t close = object.find('"', open + 1);
    std::size_t begin = object.find(':', close);
    if (begin == object.npos) break;
    for (++begin; begin < object.size() && object[begin] == ' ';) ++begin;
    const std::size_t end = value_end(object, begin);
    if (object.substr(open + 1, close - open - 1) == name) return object.substr(begin, end - begin);
    at = end + 1;
  }
  return {};
}

class Server {
 public:
  explicit Server(const Options& options) : options_(options), text_(options.size, 'x') {
    for (std::size_t i = 0; i < options.tools; ++i) {
      tools_ += R"(,{"name":"tool_)" + std::to_string(i) +
                R"(","title":"Tool","description":")" + std::string(200, 'd') +
                R"(","inputSchema":{"type":"object","properties":{"id":{"type":"string","description":"Which one"},)"
                R"("amount":{"type":"number","minimum":0},"tags":{"type":"array","items":{"type":"string"}}},)"
                R"("required":["id"]},"annotations":{"readOnlyHint":true,"openWorldHint":false}})";
    }
  }

  /// The whole answer to a request.
  std::string answer(std::string_view id, std::string_view result) const {
    return R"({"jsonrpc":"2.0","id":)" + std::string(id) +
           (result.empty() ? R"(,"error":{"code":-32601,"message":"no such method"}})"
                           : ",\"result\":" + std::string(result) + "}");
  }

  /// The result of a request, or an empty string where the method is unknown.
  std::string result(std::string_view method, std::string_view params, bool modern) const {
    const std::string complete = modern ? R"("resultType":"complete",)" : "";
    const std::string cache = modern ? R"(,"ttlMs":60000,"cacheScope":"public")" : "";
    if (method == "\"tools/call\"") {
      return "{" + complete + R"("content":[{"type":"text","text":")" + text_ + "\"}]}";
    }
    if (method == "\"ping\"") return "{}";
    if (method == "\"initialize\"") {
      const std::string_view version = member(params, "protocolVersion");
      return R"({"protocolVersion":)" + std::string(version.empty() ? "\"2025-11-25\"" : version) +
             R"(,"capabilities":{"tools":{}},"serverInfo":{"name":"bench","version":"1"}})";
    }
    if (method == "\"server/discover\"") {
      return "{" + complete + R"("supportedVersions":["2026-07-28"],"capabilities":{"tools":{}})" + cache +
             "}";
    }
    if (method == "\"tools/list\"") {
      const auto tool = [](const char* name) {
        return std::string(R"({"name":")") + name +
               R"(","description":"Answers with text.","inputSchema":{"type":"object"}})";
      };
      return "{" + complete + R"("tools":[)" + tool("get_record") + "," + tool("stream") + "," +
             tool("delete_record") + tools_ + "]" + cache + "}";
    }
    return "";
  }

  bool streams(std::string_view method, std::string_view params) const {
    return method == "\"tools/call\"" && (options_.sse || member(params, "name") == "\"stream\"");
  }

 private:
  Options options_;
  std::string text_;
  std::string tools_;
};

class Connection final : public io::Handler {
 public:
  Connection(io::Loop& loop, const Server& server, io::Fd fd)
      : loop_(loop), server_(server), stream_(std::move(fd)) {
    if (!loop_.add(stream_.fd(), *this)) std::abort();
  }

  void on_ready(std::uint32_t events) override {
    for (bool more = true; more;) {
      const io::IoResult got = stream_.read(in_.room());
      if (got.state == io::IoState::would_block) break;
      if (got.state != io::IoState::ok) return close();
      in_.commit(got.bytes);
      if (!answer_all()) return close();
      more = !got.drained || (events & io::kReadToEnd) != 0;
    }
    if (!flush()) close();
  }

 private:
  ~Connection() = default;

  void close() {
    loop_.remove(stream_.fd(), *this);
    delete this;
  }

  bool answer_all() {
    for (;;) {
      if (!have_head_) {
        const http::ParseState state = head_.parse(in_.view());
        if (state == http::ParseState::need_more) return true;
        if (state == http::ParseState::refused) return false;
        have_head_ = true;
        scanned_ = head_.size();
        body_.begin(head_.framing(), head_.content_length(), 1 << 20);
        text_.clear();
      }
      head_.rebase(in_.data());
      if (body_.state() == http::ParseState::need_more) {
        char* raw = in_.data() + scanned_;
        const auto step = body_.decode(raw, in_.size() - scanned_, raw);
        text_.append(raw, step.produced);
        scanned_ += step.consumed;
        if (step.state == http::ParseState::need_more) return true;
        if (step.state == http::ParseState::refused) return false;
      }
      answer();
      in_.consume(scanned_);
      head_.reset();
      have_head_ = false;
      if (in_.empty()) return true;
    }
  }

  void answer() {
    if (head_.method() == http::Method::get) {
      out_ += "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
      return;
    }
    const std::string_view id = member(text_, "id");
    if (id.empty()) {
      out_ += "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
      return;
    }
    const std::string_view method = member(text_, "method");
    const std::string_view params = member(text_, "params");
    const bool modern = head_.get(http::Field::mcp_protocol_version) >= "2026";
    const std::string result = server_.result(method, params, modern);
    const std::string body = server_.answer(id, result);
    if (server_.streams(method, params)) {
      char size[32];
      std::snprintf(size, sizeof size, "%zx\r\n", body.size() + 23);
      out_ += "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
      out_ += size + ("event: message\ndata: " + body) + "\n\n\r\n0\r\n\r\n";
      return;
    }
    out_ += result.empty() && modern ? "HTTP/1.1 404 Not Found\r\n" : "HTTP/1.1 200 OK\r\n";
    out_ += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
            body;
  }

  bool flush() {
    while (!out_.empty()) {
      const io::IoResult put = stream_.write(out_);
      if (put.state == io::IoState::would_block) return true;
      if (put.state != io::IoState::ok) return false;
      out_.erase(0, put.bytes);
    }
    return true;
  }

  io::Loop& loop_;
  const Server& server_;
  io::Stream stream_;
  io::Buffer in_;
  http::RequestHead head_;
  http::BodyDecoder body_;
  std::string text_;
  std::string out_;
  std::size_t scanned_ = 0;
  bool have_head_ = false;
};

/// Both eras on standard input and output, a message a line.
int serve_lines(const Server& server) {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    const std::string_view id = member(line, "id");
    if (id.empty()) continue;
    const std::string_view params = member(line, "params");
    const bool modern = params.find("io.modelcontextprotocol/protocolVersion") != params.npos;
    std::cout << server.answer(id, server.result(member(line, "method"), params, modern)) << '\n' << std::flush;
  }
  return 0;
}

int serve(const Options& options) {
  io::prepare_signals({});
  io::Loop loop;
  const Server server(options);
  auto listener = io::listen_tcp(*io::Address::parse("127.0.0.1", static_cast<std::uint16_t>(options.port)));
  if (!listener) {
    std::fprintf(stderr, "mcp_upstream: %s\n", listener.error().message.c_str());
    return 1;
  }
  std::printf("%d\n", io::local_address(listener->get())->port());
  std::fflush(stdout);
  io::Acceptor acceptor(loop, std::move(*listener),
                        [&](io::Fd fd, const io::Address&) { new Connection(loop, server, std::move(fd)); });
  if (!acceptor.start()) return 1;
  loop.run();
  return 0;
}

}  // namespace
}  // namespace doorward::bench

int main(int argc, char** argv) {
  doorward::bench::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--sse") {
      options.sse = true;
    } else if (name == "--stdio") {
      options.stdio = true;
    } else if (name == "--tools" && i + 1 < argc) {
      options.tools = static_cast<std::size_t>(std::atol(argv[++i]));
    } else if (name == "--port" && i + 1 < argc) {
      options.port = std::atoi(argv[++i]);
    } else if (name == "--size" && i + 1 < argc) {
      options.size = static_cast<std::size_t>(std::atol(argv[++i]));
    } else {
      std::fprintf(stderr, "usage: mcp_upstream [--port N | --stdio] [--size BYTES] [--sse] [--tools N]\n");
      return 2;
    }
  }
  return options.stdio ? doorward::bench::serve_lines(doorward::bench::Server(options))
                       : doorward::bench::serve(options);
}
