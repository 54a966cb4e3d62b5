#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/page.h"
#include "catalogue/record.h"
#include "json/reader.h"
#include "risk/classification.h"
#include "risk/parameter.h"
#include "risk/tool_facts.h"

namespace doorward::catalogue {

/// A tool's definition, read. Holds its text; the facts refer into it.
class ReadTool {
 public:
  explicit ReadTool(const ToolRecord& tool);
  ReadTool(ReadTool&&) = delete;

  json::Value root;  ///< an object, or nothing where the text is none
  risk::ToolFacts facts;
  risk::Parameters parameters;
  risk::Parameters results;

 private:
  json::Reader reader_;
};

/// What a category means, as the end of a sentence that begins with a tool: `deletes or overwrites for good,
/// ...`.
std::string_view meaning_of(Category category);

/// What an agent uses a tool for: out of the first sentence of its description and the arguments that it
/// takes.
std::vector<Block> use_of(const ReadTool& read, const ToolRecord& tool, std::span<const ToolRecord> siblings);

/// The sentences of the description that say what is at stake: those that hold the words which decided, and
/// those that speak of loss, of secrets or of what cannot be undone. At most three, in their order.
std::vector<std::string> telling_sentences(const ReadTool& read, const risk::Classification& classification);

/// What a wrong call does, out of the arguments and signals of this tool.
std::vector<Text> stakes_of(const ReadTool& read, const ToolRecord& tool);

/// What follows from a signal, with the words that raised it.
Text consequence_of(const risk::SignalHit& hit);

/// Where a signal or a piece of evidence stands, for people: the name, the description, argument `id`.
Text where_of(std::string_view pointer);

}  // namespace doorward::catalogue
