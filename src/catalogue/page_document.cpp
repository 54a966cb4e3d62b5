#include <string>

#include "catalogue/page_render.h"
#include "json/writer.h"

namespace doorward::catalogue {
namespace {

std::string_view to_string(Run::Style style) {
  switch (style) {
    case Run::Style::plain:
      break;
    case Run::Style::strong:
      return "strong";
    case Run::Style::code:
      return "code";
    case Run::Style::quoted:
      return "quoted";
    case Run::Style::severity:
    case Run::Style::category:
      return "badge";
  }
  return "plain";
}

std::string_view to_string(Changes::Change::Op op) {
  switch (op) {
    case Changes::Change::Op::added:
      return "added";
    case Changes::Change::Op::removed:
      return "removed";
    case Changes::Change::Op::changed:
      break;
  }
  return "same";
}

class DocumentWriter {
 public:
  explicit DocumentWriter(std::string& out) : out_(out) {}

  void write(const Document& page) {
    out_.begin_object().key("schema").string("doorward.page.document/1");
    out_.key("title").string(page.title).key("title_is_name").boolean(page.title_is_name);
    out_.key("eyebrow").string(page.eyebrow).key("summary").string(page.summary);
    out_.key("above").begin_array();
    for (const auto& [name, ref] : page.above) {
      out_.begin_object().key("name").string(name);
      target(ref);
      out_.end_object();
    }
    out_.end_array();
    text("lead", page.lead);
    if (page.banner) {
      out_.key("banner").begin_object().key("severity").string(to_string(page.banner->severity));
      out_.key("headline").string(page.banner->headline);
      text("text", page.banner->text);
      facts(page.banner->facts);
      out_.end_object();
    }
    out_.key("sections").begin_array();
    for (const Section& section : page.sections) {
      out_.begin_object().key("id").string(section.id).key("title").string(section.title).key("blocks").begin_array();
      for (const Block& block : section.blocks) {
        out_.begin_object();
        std::visit([this](const auto& one) { add(one); }, block);
        out_.end_object();
      }
      out_.end_array().end_object();
    }
    out_.end_array().end_object();
  }

 private:
  void target(const PageRef& page) {
    out_.key("page").begin_object().key("kind").string(catalogue::to_string(page.kind));
    out_.key("id").string(page.id).end_object();
  }

  void runs(const Text& text) {
    out_.begin_array();
    for (const Run& run : text) {
      out_.begin_object().key("style").string(to_string(run.style)).key("text").string(run.text);
      if (run.style == Run::Style::severity || run.style == Run::Style::category) {
        out_.key("severity").string(to_string(run.severity));
      }
      if (run.page) target(*run.page);
      if (run.url.starts_with("https://") || run.url.starts_with("http://")) out_.key("url").string(run.url);
      out_.end_object();
    }
    out_.end_array();
  }
  void text(std::string_view key, const Text& text) {
    out_.key(key);
    runs(text);
  }
  void facts(const std::vector<std::pair<std::string, Text>>& rows) {
    out_.key("facts").begin_array();
    for (const auto& [name, value] : rows) {
      out_.begin_object().key("name").string(name);
      text("text", value);
      out_.end_object();
    }
    out_.end_array();
  }
  void copied(const Code& code) {
    out_.key("language").string(code.language).key("label").string(code.label).key("text").string(code.text);
  }
  void kind(std::string_view name) { out_.key("block").string(name); }

  void add(const Paragraph& block) {
    kind("paragraph");
    text("text", block.text);
  }
  void add(const Quote& block) {
    kind("quote");
    out_.key("text").string(block.text).key("from").string(block.from);
  }
  void add(const Bullets& block) {
    kind("bullets");
    out_.key("items").begin_array();
    for (const Text& item : block.items) runs(item);
    out_.end_array();
  }
  void add(const Table& block) {
    kind("table");
    out_.key("caption").string(block.caption).key("head").begin_array();
    for (const std::string& head : block.head) out_.string(head);
    out_.end_array().key("rows").begin_array();
    for (const auto& row : block.rows) {
      out_.begin_array();
      for (const Text& cell : row) runs(cell);
      out_.end_array();
    }
    out_.end_array();
  }
  void add(const Code& block) {
    kind("code");
    copied(block);
  }
  void add(const Facts& block) {
    kind("facts");
    facts(block.rows);
  }
  void add(const Steps& block) {
    kind("steps");
    out_.key("steps").begin_array();
    for (const Steps::Step& step : block.steps) write_said({}, step.text, step.code);
    out_.end_array();
  }
  void add(const Answers& block) {
    kind("answers");
    out_.key("answers").begin_array();
    for (const Answers::Answer& answer : block.answers) write_said(answer.question, answer.text, answer.code);
    out_.end_array();
  }
  void write_said(std::string_view question, const Text& said, const std::optional<Code>& code) {
    out_.begin_object();
    if (!question.empty()) out_.key("question").string(question);
    text("text", said);
    if (code) {
      out_.key("code").begin_object();
      copied(*code);
      out_.end_object();
    }
    out_.end_object();
  }
  void add(const Bars& block) {
    kind("bars");
    out_.key("caption").string(block.caption).key("bars").begin_array();
    for (const Bars::Bar& bar : block.bars) {
      out_.begin_object().key("label").string(bar.label).key("count").number(bar.count);
      out_.key("severity").string(to_string(bar.severity)).end_object();
    }
    out_.end_array();
  }
  void add(const Notice& block) {
    kind("notice");
    out_.key("severity").string(to_string(block.severity));
    text("text", block.text);
  }
  void add(const Changes& block) {
    kind("changes");
    out_.key("changes").begin_array();
    for (const Changes::Change& change : block.changes) {
      out_.begin_object().key("where").string(change.where).key("words").begin_array();
      for (const auto& [op, words] : change.words) {
        out_.begin_object().key(to_string(op)).string(words).end_object();
      }
      out_.end_array().end_object();
    }
    out_.end_array();
  }
  void add(const SearchBox&) { kind("search"); }

  json::Writer out_;
};

}  // namespace

std::string to_document_json(const Document& page) {
  std::string out;
  DocumentWriter(out).write(page);
  return out;
}

}  // namespace doorward::catalogue
