#include "server/page_operations.h"

#include <memory>
#include <mutex>
#include <utility>

#include "base/text.h"
#include "catalogue/render.h"
#include "json/writer.h"

namespace doorward::server {
namespace {

using Json = Operations::Json;
using catalogue::Format;

constexpr std::size_t kLongestId = 4'096;
constexpr std::size_t kLongestBase = 200;

struct Wanted {
  catalogue::PageRef page;
  Format format = Format::json;
  std::string base;
};

/// The catalogue as the threads of the pool share it, one at a time.
class Shelf {
 public:
  explicit Shelf(std::string directory) : directory_(std::move(directory)) {}

  Json page(const Wanted& wanted) {
    const std::scoped_lock lock(mutex_);
    if (!opened_) {
      auto opened = catalogue::Catalogue::open(directory_);
      if (!opened) return std::unexpected(opened.error());
      opened_ = std::move(*opened);
    }
    auto answer = render(wanted);
    // A file that is damaged, or was replaced by another, is opened anew for the next reader.
    if (!answer &&
        (answer.error().kind == ErrorKind::corrupt || answer.error().kind == ErrorKind::unavailable))
      opened_.reset();
    return answer;
  }

 private:
  Json render(const Wanted& wanted) {
    catalogue::Rendering how;
    how.format = wanted.format;
    how.whole = false;
    how.address = [&](const catalogue::PageRef& page) { return address(wanted.base, page); };
    const auto text = catalogue::render_page(*opened_, wanted.page, how);
    if (!text) return std::unexpected(text.error());
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("schema").string("doorward.catalogue.page/1");
    writer.key("kind").string(to_string(wanted.page.kind)).key("id").string(wanted.page.id);
    writer.key("format").string(to_string(wanted.format));
    switch (wanted.format) {
      case Format::json:
        writer.key("page").raw(*text);
        break;
      case Format::document:
        writer.key("document").raw(*text);
        break;
      default:
        writer.key("text").string(*text);
    }
    writer.end_object();
    return out;
  }

  /// `<base>tool/<slug>/<name>`: the names percent-encoded, so that none of them is a path of its own.
  static std::string address(const std::string& base, const catalogue::PageRef& page) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out = base + std::string(to_string(page.kind));
    if (!page.id.empty()) out += '/';
    bool first_slash = page.kind == catalogue::PageKind::tool;
    for (const char c : page.id) {
      const bool kept = is_alnum(c) ||
                        c == '-' || c == '_' || c == '+';
      if (kept || (c == '/' && std::exchange(first_slash, false))) {
        out += c;
        continue;
      }
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
    return out;
  }

  const std::string directory_;
  std::mutex mutex_;
  std::unique_ptr<catalogue::Catalogue> opened_;
};

Result<Wanted> read_wanted(ControlRequest& request) {
  const std::string kind = request.need_text("kind");
  Wanted wanted;
  wanted.page.id = request.text("id").value_or("");
  const std::string format = request.text("format").value_or("json");
  wanted.base = request.text("base").value_or("/catalogue/");
  if (const Status whole = request.finish(); !whole) return std::unexpected(whole.error());
  const auto known_kind = catalogue::parse_page_kind(kind);
  if (!known_kind) return fail(ErrorKind::invalid, "\"kind\" must be index, server, tool, stack or attack");
  wanted.page.kind = *known_kind;
  const auto known_format = catalogue::parse_format(format);
  if (!known_format || *known_format == Format::terminal) {
    return fail(ErrorKind::invalid, "\"format\" must be json, markdown, html or document");
  }
  wanted.format = *known_format;
  if (wanted.page.id.size() > kLongestId)
    return fail(ErrorKind::invalid, "\"id\" is too long for a page of the catalogue");
  // One slash, so that links stay on the host that serves them.
  if (wanted.base.size() > kLongestBase || !wanted.base.starts_with('/') || wanted.base.starts_with("//") ||
      wanted.base.starts_with("/\\")) {
    return fail(ErrorKind::invalid, "\"base\" must be a path that begins with one slash");
  }
  return wanted;
}

}  // namespace

void add_page_operations(Operations& operations, const std::string& directory, WorkPool& pool,
                         io::Loop& loop) {
  operations.add_late(
      "catalogue.page", identity::Roles::all(),
      [&pool, &loop, shelf = std::make_shared<Shelf>(directory)](
          ControlRequest& request, const identity::Actor&, Operations::Reply reply) {
        auto wanted = read_wanted(request);
        if (!wanted) return reply(std::unexpected(wanted.error()));
        auto shared = std::make_shared<Operations::Reply>(std::move(reply));
        const bool taken = pool.run([&loop, shelf, shared, wanted = std::move(*wanted)] {
          loop.post([shared, answer = shelf->page(wanted)]() mutable { (*shared)(std::move(answer)); });
        });
        if (!taken) (*shared)(fail(ErrorKind::exhausted, "too many pages are being made; try again"));
      });
}

}  // namespace doorward::server
