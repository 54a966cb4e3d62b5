"""Whether a policy document is valid, by policy.md sections 2, 4 and 5. `read_document` raises Refused."""

import functools
import re
import zoneinfo

import paths
import strict_json
from operators import Refused, check_value, need
from strict_json import Number

CATEGORIES = ("Read", "Write", "Execute", "Destructive", "Financial", "Other")
MOST = 10**12
WINDOWS = ("minute", "hour", "day", "week", "month")
SCOPES = ("grant", "session", "identity", "server", "organisation")
BESIDE_APPROVE = {"approvers", "expires", "on_pending"}


def fields(value, required, optional):
    need(isinstance(value, dict), "an object is needed")
    need(set(required) <= set(value), "a required field is missing")
    need(set(value) <= set(required) | set(optional), "an unknown field")


def text(value):
    need(isinstance(value, str), "a string is needed")


def texts(value):
    need(isinstance(value, list), "a list is needed")
    for element in value:
        text(element)


def one_of(value, choices):
    need(isinstance(value, str) and value in choices, "not one of the choices")


def whole(value, least):
    need(isinstance(value, Number), "a number is needed")
    need(value.value == value.value.to_integral_value() and value.value >= least, "a whole number is needed")


def check_on_deny(owner):
    if "on_deny" in owner:
        text(owner["on_deny"])
        need(len(owner["on_deny"]) <= 500, "on_deny has at most 500 characters")


def check_conditions(conditions):
    need(isinstance(conditions, list), "conditions are a list")
    for condition in conditions:
        fields(condition, {"path", "op", "value"}, ())
        text(condition["path"])
        paths.parse(condition["path"])
        text(condition["op"])
        check_value(condition["op"], condition["value"])


def check_approval_fields(owner):
    if "approvers" in owner:
        texts(owner["approvers"])
        need(owner["approvers"], "an empty list of approvers")
    if "approvals" in owner:
        whole(owner["approvals"], 1)
    if "self_confirm" in owner:
        need(isinstance(owner["self_confirm"], bool), "true or false is needed")
    if "expires" in owner:
        text(owner["expires"])
        need(re.fullmatch(r"[1-9][0-9]*[smhd]", owner["expires"]), "a duration such as 10m")
    if "on_pending" in owner:
        text(owner["on_pending"])


def check_limit(limit):
    fields(limit, {"counter", "window", "max", "scope"}, {"amount", "on_deny", "on_store_error"})
    text(limit["counter"])
    if isinstance(limit["window"], Number):
        whole(limit["window"], 1)
    else:
        one_of(limit["window"], WINDOWS)
    need(isinstance(limit["max"], Number) and 0 <= limit["max"].value <= MOST, "max is a number up to 10^12")
    if "amount" in limit:
        text(limit["amount"])
        root, steps = paths.parse(limit["amount"])
        need(root == "args" and paths.STAR not in steps, "amount is a path under args without [*]")
    else:
        whole(limit["max"], 0)
    one_of(limit["scope"], SCOPES)
    check_on_deny(limit)
    if "on_store_error" in limit:
        one_of(limit["on_store_error"], ("deny", "local", "allow"))


def check_block(block, in_all_tools):
    fields(block, (), {"deny_if", "require", "limits", "approve_if", "rate_limit"}
           | (set() if in_all_tools else {"action", "reason"} | BESIDE_APPROVE))
    if "action" in block:
        one_of(block["action"], ("allow", "deny", "hide", "approve"))
    action = block.get("action")
    if action == "deny":
        need(set(block) <= {"action", "reason"}, "action: deny stands alone")
    if action == "hide":
        need(set(block) == {"action"}, "action: hide stands alone")
    if action != "approve":
        need(not BESIDE_APPROVE & set(block), "only beside action: approve")
    if "reason" in block:
        need(action == "deny", "reason is the text of an action: deny")
        text(block["reason"])
    check_approval_fields(block)
    for kind in ("deny_if", "require", "approve_if"):
        if kind not in block:
            continue
        need(isinstance(block[kind], list), "a list is needed")
        for entry in block[kind]:
            fields(entry, {"conditions"}, {"approvers", "approvals", "self_confirm", "expires", "on_pending"}
                   if kind == "approve_if" else {"on_deny"})
            check_conditions(entry["conditions"])
            check_on_deny(entry)
            check_approval_fields(entry)
    if "limits" in block:
        need(isinstance(block["limits"], list), "a list is needed")
        for limit in block["limits"]:
            check_limit(limit)
    if "rate_limit" in block:
        fields(block["rate_limit"], {"max", "window"}, ())
        whole(block["rate_limit"]["max"], 0)
        need(block["rate_limit"]["max"].value <= MOST, "max is at most 10^12")
        whole(block["rate_limit"]["window"], 1)


def check_shared_counters(blocks):
    """Entries that share a count must agree on `amount`."""
    amounts = {}
    for block in blocks:
        for limit in block.get("limits", ()):
            window = limit["window"]
            span = window.value if isinstance(window, Number) else {"minute": 60, "hour": 3600}.get(window, window)
            # Where a call has no session or identity the grant holds, so these three can be one count.
            holder = "grant" if limit["scope"] in ("grant", "session", "identity") else limit["scope"]
            key = (limit["counter"], span, holder)
            amount = limit.get("amount")
            need(amounts.setdefault(key, amount) == amount, "a shared counter with two amounts")


def check_timezone(name):
    text(name)
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Refused("unknown timezone") from None


def check(document):
    fields(document, {"version", "default"}, {
        "description", "$schema", "mode", "hide", "all_tools", "tools", "risk", "tests", "detail", "timezone",
        "resources", "prompts"})
    one_of(document["version"], ("1",))
    one_of(document["default"], ("allow", "deny"))
    for name in ("description", "$schema"):
        if name in document:
            text(document[name])
    if "mode" in document:
        one_of(document["mode"], ("enforce", "observe"))
    if "detail" in document:
        one_of(document["detail"], ("full", "reason", "minimal"))
    if "timezone" in document:
        check_timezone(document["timezone"])
    if "hide" in document:
        texts(document["hide"])
    for name in ("tools", "risk", "all_tools", "resources", "prompts"):
        if name in document:
            need(isinstance(document[name], dict), "an object is needed")
    blocks = []
    for block in document.get("tools", {}).values():
        check_block(block, in_all_tools=False)
        blocks.append(block)
    for category, block in document.get("risk", {}).items():
        one_of(category, CATEGORIES)
        check_block(block, in_all_tools=False)
        blocks.append(block)
    if "all_tools" in document:
        check_block(document["all_tools"], in_all_tools=True)
        blocks.append(document["all_tools"])
    check_shared_counters(blocks)


@functools.lru_cache(maxsize=64)
def read_document(policy_text):
    """The document, or None where it is refused."""
    try:
        document = strict_json.read(policy_text)
        check(document)
    except (ValueError, Refused):
        return None
    return document
