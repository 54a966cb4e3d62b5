#include "risk/tool_reading.h"

namespace doorward::risk {

ToolReading::ToolReading(const ToolFacts& tool)
    : facts(tool),
      name(Words::of_name(tool.name)),
      description(Words::of_prose(tool.description)),
      parameters(parameters_of(tool)) {
  parameter_words.reserve(parameters.list.size());
  for (const Parameter& parameter : parameters.list) {
    parameter_words.push_back(
        {Words::of_name(parameter.name), Words::of_prose(parameter.description, kParameterProse)});
  }
}

}  // namespace doorward::risk
