#include "upstream/stdio_link.h"

#include <array>
#include <cstdlib>

#include "io/stream.h"
#include "upstream/sandbox.h"

namespace doorward::upstream {
namespace {

constexpr std::int64_t kGraceUs = 2'000'000;
constexpr std::size_t kMaxErrorLine = 4096;
constexpr unsigned kErrorLinesPerSecond = 20;
/// Of a child's output, before the loop turns to others.
constexpr std::size_t kStretch = 1u << 20;
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

StdioLink::StdioLink(io::Loop& loop, std::shared_ptr<const ServerSettings> settings, ChannelListener& listener)
    : loop_(loop),
      settings_(std::move(settings)),
      listener_(listener),
      lines_(settings_->result_bytes),
      error_lines_(kMaxErrorLine),
      requests_(loop_, *settings_, listener_) {}

Result<std::unique_ptr<StdioLink>> StdioLink::start(io::Loop& loop,
                                                    std::shared_ptr<const ServerSettings> settings,
                                                    ChannelListener& listener) {
  const StdioTarget& target = settings->stdio();
  Result<io::Program> program = io::find_program(target.command.front(), search_path(target));
  if (!program) return std::unexpected(program.error());
  std::unique_ptr<StdioLink> link(new StdioLink(loop, settings, listener));
  io::SpawnOptions options;
  options.program = program->path;
  options.arguments.assign(target.command.begin() + 1, target.command.end());
  options.environment = environment_of(target);
  options.directory = target.directory;
  if (target.bubblewrap) {
    if (Status made = sandbox(options, search_path(target), target.hidden); !made) return std::unexpected(made.error());
  }
  StdioLink* self = link.get();
  Result<std::unique_ptr<io::Child>> child = io::Child::spawn(loop, options, [self](io::ExitStatus status) {
    self->running_ = false;
    self->read_output(true);
    self->read_errors(true);
    self->close_pipes();
    self->requests_.fail_all({FailureKind::closed, true, "the server's process ended"});
    self->listener_.on_closed({.why = "the server's process ended", .process = status});
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
  Ticket& ticket = requests_.add(id, call, listening);
  if (!write_line(json)) {
    requests_.fail_later(id, {FailureKind::closed, false, "the server's process does not read its input"});
  }
  return ticket;
}

void StdioLink::notify(std::span<const std::string_view> json) {
  write_line(json);
}

bool StdioLink::write_line(std::span<const std::string_view> json) {
  if (!running_ || out_.size() > kMaxUnwritten) return false;
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
  return true;
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
  std::size_t taken = 0;
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
        requests_.fail_all({FailureKind::too_large, true, "a line is longer than the server's result limit"});
        return stop();
      }
      requests_.take(settings_->masking.json(line, masked_));
    }
    if (result.drained && !to_end) return;
    taken += result.bytes;
    if (taken >= kStretch && !to_end) return more_output_.arm(loop_, 0);
  }
}

void StdioLink::close_output() {
  loop_.remove(output_->fd, *output_);
  output_->fd = -1;
  child_->close_output();
}

void StdioLink::read_errors(bool to_end) {
  io::Buffer block;
  std::size_t taken = 0;
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
      if (++error_count_ > kErrorLinesPerSecond) continue;
      listener_.on_error_line(settings_->masking.text(line, masked_));
    }
    if (result.drained && !to_end) return;
    taken += result.bytes;
    if (taken >= kStretch && !to_end) return more_errors_.arm(loop_, 0);
  }
}

void StdioLink::stop() {
  if (!running_ || input_->fd < 0) return;
  loop_.remove(input_->fd, *input_);
  input_->fd = -1;
  child_->terminate(kGraceUs);
}

}  // namespace doorward::upstream
