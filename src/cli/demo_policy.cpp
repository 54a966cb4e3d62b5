#include "cli/demo_policy.h"

namespace doorward::cli {
namespace {

constexpr std::string_view kPolicy = R"({
  "version": "1",
  "description": "Demo: notes may be read and written, never deleted; refunds stop at 100",
  "default": "deny",
  "tools": {
    "list_notes": {},
    "read_note": {},
    "create_note": {
      "limits": [{"counter": "notes", "window": "minute", "max": 30, "scope": "grant"}]
    },
    "delete_note": {"action": "deny", "reason": "Notes are kept: this agent may not delete them."},
    "create_refund": {
      "require": [
        {"conditions": [{"path": "args.reason", "op": "exists", "value": true}], "on_deny": "Give a reason for the refund."}
      ],
      "deny_if": [
        {"conditions": [{"path": "args.amount", "op": "gt", "value": 100}], "on_deny": "Refunds stop at 100."}
      ]
    }
  },
  "resources": {"default": "allow"},
  "prompts": {"default": "allow"},
  "tests": [
    {"name": "small refund", "tool": "create_refund", "args": {"amount": 20, "reason": "late"}, "expect": "allow"},
    {"name": "large refund", "tool": "create_refund", "args": {"amount": 500, "reason": "late"}, "expect": "deny"},
    {"name": "deleting", "tool": "delete_note", "args": {"id": "1"}, "expect": "deny"}
  ]
}
)";

}  // namespace

std::string_view demo_policy() {
  return kPolicy;
}

}  // namespace doorward::cli
