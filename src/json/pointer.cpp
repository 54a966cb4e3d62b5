#include "json/pointer.h"

namespace doorward::json {

void append_step(std::string& pointer, std::string_view key) {
  pointer += '/';
  for (const char c : key) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

void append_step(std::string& pointer, std::size_t index) {
  pointer.append("/").append(std::to_string(index));
}

std::vector<std::string> steps_of(std::string_view pointer) {
  std::vector<std::string> steps;
  while (pointer.starts_with('/')) {
    pointer.remove_prefix(1);
    std::string& step = steps.emplace_back();
    for (; !pointer.empty() && pointer.front() != '/'; pointer.remove_prefix(1)) {
      if (pointer.starts_with("~0") || pointer.starts_with("~1")) {
        step += pointer[1] == '0' ? '~' : '/';
        pointer.remove_prefix(1);
      } else {
        step += pointer.front();
      }
    }
  }
  return steps;
}

std::string pointer_to(Value root, Value target) {
  std::string pointer;
  const Node* const wanted = target.node();
  Value here = root;
  while (here.node() != wanted && here) {
    Value below;
    std::size_t index = 0;
    for (const Value element : here.elements()) {
      if (wanted < element.node() + element.node()->skip) {
        append_step(pointer, index);
        below = element;
        break;
      }
      ++index;
    }
    for (const Member member : here.members()) {
      if (wanted < member.value.node() + member.value.node()->skip) {
        append_step(pointer, member.key.string());
        below = member.key.node() == wanted ? member.key : member.value;
        break;
      }
    }
    here = below;
  }
  return pointer;
}

}  // namespace doorward::json
