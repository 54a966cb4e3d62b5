#include "gateway/tool_reports.h"

#include <utility>

namespace doorward::gateway {

bool ToolReports::offer(ToolReport report) {
  if (!listener_) return false;
  std::size_t bytes = 0;
  for (const Sighting& tool : report.tools) bytes += tool.name.size() + tool.definition.size() + sizeof(tool);
  for (const auto* names : {&report.gone, &report.back}) {
    for (const std::string& name : *names) bytes += name.size() + sizeof(name);
  }
  {
    const std::scoped_lock lock(mutex_);
    if (waiting_.size() >= kMostReports || bytes_ + bytes > kMostBytes) return false;
    bytes_ += bytes;
    waiting_.push_back(std::move(report));
  }
  listener_();
  return true;
}

std::vector<ToolReport> ToolReports::take() {
  const std::scoped_lock lock(mutex_);
  bytes_ = 0;
  return std::exchange(waiting_, {});
}

}  // namespace doorward::gateway
