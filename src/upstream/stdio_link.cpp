#include "upstream/stdio_link.h"

#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "io/stream.h"
#include "json/writer.h"
#include "mcp/denial.h"
#include "mcp/header_mirror.h"

namespace doorward::upstream {
namespace {

constexpr std::int64_t kGraceUs = 2'000'000;
constexpr std::size_t kMaxErrorLine = 4096;
constexpr unsigned kErrorLinesPerSecond = 20;
/// What a child may leave unread before its requests fail.
constexpr std::size_t kMaxUnwritten = 16u << 20;

/// Variables of ours that a child gets (attack case T253); everything else must be configured.
constexpr std::array<const char*, 10> kInherited = {"PATH", "HOME",    "LANG",  "LC_ALL", "TZ",
                                                    "USER", "LOGNAME", "SHELL", "TMPDIR", "TERM"};

std::vector<std::string> environment_of(const StdioTarget& target) {
  std::vector<std::string> environment;
  for (const char* name : kInherited) {
    bool declared = false;
    for (const auto& [key, value] : target.environment) declared = declared || key == name;
    const char* value = std::getenv(name);
    if (value != nullptr && !declared) environment.push_back(std::string(name) + "=" + value);
  }
  for (const auto& [key, value] : target.environment) environment.push_back(key + "=" + value);
  return environment;
}

std::string search_path(const StdioTarget& target) {
  for (const auto& [key, value] : target.environment) {
    if (key == "PATH") return value;
  }
  const char* path = std::getenv("PATH");
  return path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
}

/// An id or progress token of ours: the number that we gave.
std::optional<std::uint64_t> our_number(json::Value value) {
  if (!value.is(json::Type::number)) return std::nullopt;
  const std::string_view text = value.number();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

/// One end of the child's pipes in the loop.
struct StdioLink::Pipe final : io::Handler {
  Pipe(StdioLink& link, int descriptor, void (StdioLink::*ready)(bool))
      : owner(link), fd(descriptor), on(ready) {}
  void on_ready(std::uint32_t events) override { (owner.*on)((events & io::kReadToEnd) != 0); }
  StdioLink& owner;
  int fd;
  void (StdioLink::*on)(bool);
};

struct StdioLink::Pending final : Ticket {
  explicit Pending(StdioLink& link) : owner(link) {}
  void cancel() override { owner.forget(id); }
  void pause() override {}
  void resume() override {}
  void set_patient(bool patient) override {
    if (!listening) deadline_us = patient ? INT64_MAX : owner.silence_deadline();
  }
  StdioLink& owner;
  std::uint64_t id = 0;
  Call* call = nullptr;
  std::int64_t deadline_us = 0;
  bool listening = false;
};

StdioLink::StdioLink(io::Loop& loop, std::shared_ptr<const ServerSettings> settings, StdioListener& listener)
    : loop_(loop),
      settings_(std::move(settings)),
      listener_(listener),
      lines_(settings_->result_bytes),
      error_lines_(kMaxErrorLine) {}

Result<std::unique_ptr<StdioLink>> StdioLink::start(io::Loop& loop,
                                                    std::shared_ptr<const ServerSettings> settings,
                                                    StdioListener& listener) {
  const StdioTarget& target = settings->stdio();
  Result<io::Program> program = io::find_program(target.command.front(), search_path(target));
  if (!program) return std::unexpected(program.error());
  std::unique_ptr<StdioLink> link(new StdioLink(loop, settings, listener));
  io::SpawnOptions options;
  options.program = program->path;
  options.arguments.assign(target.command.begin() + 1, target.command.end());
  options.environment = environment_of(target);
  options.directory = target.directory;
  StdioLink* self = link.get();
  Result<std::unique_ptr<io::Child>> child = io::Child::spawn(loop, options, [self](io::ExitStatus status) {
    self->running_ = false;
    self->read_output(true);
    self->read_errors(true);
    self->close_pipes();
    self->fail_all(FailureKind::closed, "the server's process ended");
    self->listener_.on_exit(status);
  });
  if (!child) return std::unexpected(child.error());
  link->child_ = std::move(*child);
  link->input_ = std::make_unique<Pipe>(*link, link->child_->input(), &StdioLink::on_input_ready);
  link->output_ = std::make_unique<Pipe>(*link, link->child_->output(), &StdioLink::read_output);
  link->errors_ = std::make_unique<Pipe>(*link, link->child_->errors(), &StdioLink::read_errors);
  for (Pipe* pipe : {link->input_.get(), link->output_.get(), link->errors_.get()}) {
    if (Status added = loop.add(pipe->fd, *pipe); !added) return std::unexpected(added.error());
  }
  return link;
}

StdioLink::~StdioLink() {
  close_pipes();
}

void StdioLink::close_pipes() {
  for (std::unique_ptr<Pipe>* pipe : {&input_, &output_, &errors_}) {
    if (*pipe == nullptr || (*pipe)->fd < 0) continue;
    loop_.remove((*pipe)->fd, **pipe);
    (*pipe)->fd = -1;
  }
  if (child_) {
    child_->close_input();
    child_->close_output();
    child_->close_errors();
  }
}

Ticket& StdioLink::send(std::uint64_t id, std::span<const std::string_view> json, Call& call,
                        bool listening) {
  std::unique_ptr<Pending> entry;
  if (spare_.empty()) {
    entry = std::make_unique<Pending>(*this);
  } else {
    entry = std::move(spare_.back());
    spare_.pop_back();
  }
  entry->id = id;
  entry->call = &call;
  entry->listening = listening;
  entry->deadline_us = listening ? INT64_MAX : loop_.now_us() + settings_->timeouts.first_byte.count() * 1000;
  Pending& pending = *entry;
  pending_.insert_or_assign(id, std::move(entry));
  write_line(json);
  return pending;
}

void StdioLink::notify(std::span<const std::string_view> json) {
  write_line(json);
}

void StdioLink::write_line(std::span<const std::string_view> json) {
  if (!running_ || out_.size() > kMaxUnwritten) return;  // the deadline answers those who wait
  // A line break between two tokens is white space; inside a string the reader has refused it (T261).
  for (std::string_view piece : json) {
    std::span<char> into = out_.room(piece.size() + 1);
    for (std::size_t i = 0; i < piece.size(); ++i) {
      into[i] = piece[i] == '\n' || piece[i] == '\r' ? ' ' : piece[i];
    }
    out_.commit(piece.size());
  }
  out_.append("\n");
  flush();
}

void StdioLink::on_input_ready(bool) {
  flush();
}

void StdioLink::flush() {
  while (!out_.empty() && input_ && input_->fd >= 0) {
    const io::IoResult result = io::write_some(input_->fd, out_.view());
    if (result.state != io::IoState::ok) break;  // an error comes with the child's end
    out_.consume(result.bytes);
  }
  if (out_.empty()) out_.release();
}

void StdioLink::read_output(bool to_end) {
  io::Buffer block;
  while (output_ && output_->fd >= 0) {
    block.clear();
    const io::IoResult result = io::read_some(output_->fd, block.room());
    if (result.state != io::IoState::ok) return;
    std::string_view bytes(block.data(), result.bytes);
    std::string_view line;
    for (;;) {
      const mcp::LineFramer::Step step = lines_.next(bytes, line);
      if (step == mcp::LineFramer::Step::more) break;
      if (step == mcp::LineFramer::Step::too_large) {
        listener_.on_protocol_error("a line is longer than the server's result limit");
        close_output();
        fail_all(FailureKind::too_large, "a line is longer than the server's result limit");
        return stop();
      }
      take_line(line);
    }
    if (result.drained && !to_end) return;
  }
}

void StdioLink::close_output() {
  loop_.remove(output_->fd, *output_);
  output_->fd = -1;
  child_->close_output();
}

void StdioLink::take_line(std::string_view line) {
  json::Limits limits;
  limits.bytes = settings_->result_bytes;
  const auto root = reader_.read(line, limits);
  if (!root) return listener_.on_protocol_error("a line is not strict JSON");
  const auto message = mcp::read_message(*root, mcp::Sender::server);
  if (!message) return listener_.on_protocol_error("a line is no JSON-RPC message");
  switch (message->kind) {
    case mcp::Kind::result:
    case mcp::Kind::error: {
      const std::optional<std::uint64_t> id = our_number(message->id);
      if (!id || !pending_.contains(*id))
        return listener_.on_protocol_error("an answer to no request of ours");
      return settle(*id, line);
    }
    case mcp::Kind::request:
      return listener_.on_request(line, *message);
    case mcp::Kind::notification: {
      if (message->method == mcp::Method::progress) {
        const std::optional<std::uint64_t> id = our_number(message->params.find("progressToken"));
        const auto found = id ? pending_.find(*id) : pending_.end();
        if (found == pending_.end()) return listener_.on_protocol_error("progress of no request of ours");
        if (found->second->deadline_us != INT64_MAX) {
          found->second->deadline_us = silence_deadline();
        }
        return found->second->call->on_message(line);
      }
      if (const json::Value subscription = message->meta.find(mcp::kMetaSubscriptionId)) {
        const std::optional<std::uint64_t> id = our_number(subscription);
        const auto found = id ? pending_.find(*id) : pending_.end();
        if (found == pending_.end())
          return listener_.on_protocol_error("a notice to no subscription of ours");
        return found->second->call->on_message(line);
      }
      return listener_.on_notification(line, *message);
    }
  }
}

void StdioLink::settle(std::uint64_t id, std::string_view text) {
  Call* call = pending_.at(id)->call;
  call->on_message(text);
  auto node = pending_.extract(id);
  if (node.empty()) return;  // given up meanwhile
  spare_.push_back(std::move(node.mapped()));
  call->on_end();
}

void StdioLink::forget(std::uint64_t id) {
  auto node = pending_.extract(id);
  if (!node.empty()) spare_.push_back(std::move(node.mapped()));
}

void StdioLink::fail_all(FailureKind kind, std::string_view detail) {
  while (!pending_.empty()) {
    auto node = pending_.extract(pending_.begin());
    Call* call = node.mapped()->call;
    spare_.push_back(std::move(node.mapped()));
    call->on_failure({kind, true, detail});
  }
}

void StdioLink::read_errors(bool to_end) {
  io::Buffer block;
  while (errors_ && errors_->fd >= 0) {
    block.clear();
    const io::IoResult result = io::read_some(errors_->fd, block.room());
    if (result.state != io::IoState::ok) return;
    std::string_view bytes(block.data(), result.bytes);
    std::string_view line;
    for (;;) {
      const mcp::LineFramer::Step step = error_lines_.next(bytes, line);
      if (step == mcp::LineFramer::Step::more) break;
      if (step == mcp::LineFramer::Step::too_large) {
        error_lines_.reset();
        continue;
      }
      const std::int64_t second = loop_.now_us() / 1'000'000;
      if (second != error_second_) {
        error_second_ = second;
        error_count_ = 0;
      }
      if (++error_count_ <= kErrorLinesPerSecond) listener_.on_error_line(line);
    }
    if (result.drained && !to_end) return;
  }
}

std::int64_t StdioLink::silence_deadline() const {
  return loop_.now_us() + settings_->timeouts.stream_idle.count() * 1000;
}

void StdioLink::stop() {
  if (!running_ || input_->fd < 0) return;
  loop_.remove(input_->fd, *input_);
  input_->fd = -1;
  child_->terminate(kGraceUs);
}

void StdioLink::tick() {
  const std::int64_t now = loop_.now_us();
  for (auto at = pending_.begin(); at != pending_.end();) {
    if (now < at->second->deadline_us) {
      ++at;
      continue;
    }
    Call* call = at->second->call;
    spare_.push_back(std::move(at->second));
    pending_.erase(at);
    call->on_failure({FailureKind::timeout, true, "the server sent nothing for too long"});
    at = pending_.begin();  // the call may have changed the table
  }
}

}  // namespace doorward::upstream
