#include "cli/catalogue_classify.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

#include "cli/session.h"
#include "json/reader.h"
#include "json/writer.h"
#include "risk/classification.h"

namespace doorward::cli {
namespace {

constexpr std::size_t kPiece = 1 << 16;
constexpr std::size_t kLongestLine = 16u << 20;

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

class Classifier {
 public:
  Classifier(Session& session, bool brief) : session_(session), brief_(brief) {}

  void run() {
    std::array<char, kPiece> piece;
    while (true) {
      const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return session_.fail(Exit::unreachable, "standard input cannot be read");
      if (got == 0) break;
      take({piece.data(), static_cast<std::size_t>(got)});
      if (!hand_over()) return;
    }
    if (!line_.empty() || cut_) end_line();
    hand_over();
  }

 private:
  /// Whether there is still somebody to answer.
  bool hand_over() {
    print(out_);
    out_.clear();
    return std::fflush(stdout) == 0;
  }

  void take(std::string_view piece) {
    while (!piece.empty()) {
      const std::size_t end = piece.find('\n');
      const std::string_view part = piece.substr(0, end);
      cut_ = cut_ || line_.size() + part.size() > kLongestLine;
      if (cut_)
        line_.clear();
      else
        line_ += part;
      if (end == std::string_view::npos) return;
      end_line();
      piece.remove_prefix(end + 1);
    }
  }

  void end_line() {
    ++number_;
    if (cut_)
      refuse("longer than 16 MiB");
    else if (!is_blank(line_))
      classify();
    line_.clear();
    cut_ = false;
  }

  void classify() {
    const auto tool = reader_.read(line_);
    if (!tool) return refuse(tool.error().message);
    if (!tool->is(json::Type::object)) return refuse("no JSON object");
    const json::Value name = tool->find("name");
    if (!name.is(json::Type::string) || name.string().empty()) return refuse("no text \"name\"");
    const json::Value server = tool->find("server");
    const risk::Classification classification =
        risk::classify(risk::facts_of(text_of(*tool, "server"), *tool));
    json::Writer writer(out_);
    writer.begin_object();
    if (server.is(json::Type::string)) writer.key("server").string(server.string());
    writer.key("name").string(name.string());
    if (brief_) {
      writer.key("category").string(to_string(classification.category));
      writer.key("severity").string(to_string(classification.severity));
    } else {
      risk::write_classification(writer, classification);
    }
    writer.end_object();
    out_ += '\n';
  }

  void refuse(std::string_view why) {
    session_.fail(Exit::invalid, "line " + std::to_string(number_) + ": " + std::string(why));
    json::Writer(out_).begin_object().key("line").number(number_).key("error").string(why).end_object();
    out_ += '\n';
  }

  Session& session_;
  bool brief_;
  json::Reader reader_;
  std::string line_;
  bool cut_ = false;  ///< the line is too long and not kept
  std::size_t number_ = 0;
  std::string out_;
};

}  // namespace

void classify_tools(Session& session, bool brief) {
  Classifier(session, brief).run();
}

}  // namespace doorward::cli
