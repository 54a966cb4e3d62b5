"""What a run met: cells of operator x list x outcome, operator x place x outcome, and kinds of answers.

A cell counts only where the outcome could be seen in the answer: the entry was reached, the condition's
outcome was the entry's (all its other conditions held, or it was the first in error), and for `approve_if` no
denial or earlier approval spoke first.

Every cell of the required columns can exist, for each of the 18 operators. `exists` is of a wrong type only
by its path (a member of what is no object); its true and false on a present value come from `value`.
Impossible, shown as "-": "ambiguous" for operators other than path_under, url_host, email_domain and cidr.
"""

from operators import OPERATORS, Ambiguous, ConditionError
from paths import MISSING

KINDS = ("deny_if", "require", "approve_if")
PLACES = ("exact", "glob", "risk", "all_tools")
TYPED = ("path_under", "url_host", "email_domain", "cidr")
REQUIRED = ("true", "false", "missing", "null", "wrong type", "[*] none", "[*] one", "[*] all")
FURTHER = ("[*] empty", "[*] missing", "[*] error")  # also required, by list
COLUMNS = REQUIRED + FURTHER + ("ambiguous",)
LEAST = 50
FROM_CASES = 100_000

ANSWERS = (
    "allow", "invalid", "malformed", "(default deny)", "(unknown tool)", "(hidden) by hide",
    "(hidden) by action",
    "deny: action", "deny: unconditional", "deny: condition", "deny: error", "deny: require", "deny: limit",
    "deny: limit -type", "deny: rate_limit", "approve: action", "approve: unconditional",
    "approve: condition",
    "through an action tool: allow", "through an action tool: deny", "through an action tool: hide",
    "through an action tool: approve",
)


def outcome_of(judgement):
    """The column of one judged condition, or None for a [*] over one element or over some of many."""
    error = isinstance(judgement.outcome, ConditionError)
    if judgement.starred:
        if error:
            return "[*] error"
        if judgement.empty:
            return "[*] empty"
        if len(judgement.values) == 1:
            return "[*] missing" if judgement.values[0] in (MISSING, None) else None
        held = sum(judgement.outcomes)
        return {0: "[*] none", len(judgement.outcomes): "[*] all", 1: "[*] one"}.get(held)
    if error:
        return "ambiguous" if isinstance(judgement.outcome, Ambiguous) else "wrong type"
    value = judgement.values[0]
    if value is MISSING:
        return "missing"
    return "null" if value is None else "true" if judgement.outcome else "false"


def decisive(judgements):
    """The conditions of an entry whose outcome was the entry's."""
    errors = [i for i, j in enumerate(judgements) if isinstance(j.outcome, ConditionError)]
    if errors:
        return errors[:1]
    return [i for i in range(len(judgements)) if all(j.outcome for k, j in enumerate(judgements) if k != i)]


def kind_of_answer(answer):
    decision, rule, pointer = answer["decision"], answer["rule"], answer["pointer"]
    if decision in ("allow", "invalid", "malformed"):
        return decision
    if rule == "(hidden)":
        return "(hidden) by hide" if pointer.startswith("/hide/") else "(hidden) by action"
    if rule.startswith("("):
        return rule
    if pointer.endswith("/action"):
        return f"{decision}: action"
    if pointer.endswith("/rate_limit"):
        return "deny: rate_limit"
    if "/limits/" in pointer:
        return "deny: limit -type" if rule.endswith("-type") else "deny: limit"
    if "/conditions/" not in pointer:
        return f"{decision}: unconditional"
    if decision == "approve":
        return "approve: condition"
    if rule.endswith("-type"):
        return "deny: error"
    return "deny: require" if "/require/" in pointer else "deny: condition"


def count(counter, case, answer, trace):
    kind_met = kind_of_answer(answer)
    counter["answer", kind_met] += 1
    if case.get("actions") and any(s["tool"] == case["tool"] for s in case["actions"]):
        counter["answer", "through an action tool: " + answer["decision"]] += 1
    past_step_6 = answer["decision"] in ("allow", "approve") or kind_met in (
        "deny: limit", "deny: limit -type", "deny: rate_limit")
    asked = False
    for place, kind, here, conditions, judgements in trace:
        error = any(isinstance(j.outcome, ConditionError) for j in judgements)
        if kind == "approve_if" and not error:
            if not past_step_6 or asked or kind_met == "approve: action":
                continue
            asked = all(j.outcome for j in judgements)
        for index in decisive(judgements):
            outcome = outcome_of(judgements[index])
            op = conditions[index]["op"]
            counter["list", op, kind, outcome] += 1
            counter["place", op, place, outcome] += 1
            counter["root", conditions[index]["path"].partition(".")[0].partition("[")[0]] += 1


def holes(counter):
    """The required cells met less than LEAST times."""
    required = [("list", op, kind, column) for op in OPERATORS for kind in KINDS
                for column in REQUIRED + FURTHER + (("ambiguous",) if op in TYPED else ())]
    required += [("place", op, place, column) for op in OPERATORS for place in PLACES for column in REQUIRED]
    required += [("answer", name) for name in ANSWERS]
    required += [("root", root) for root in ("args", "tool", "grant", "identity", "time")]
    return [(cell, counter[cell]) for cell in required if counter[cell] < LEAST]


def table(counter, sort, groups):
    lines = []
    for group in groups:
        lines.append(f"{group:13}" + "".join(f"{column:>12}" for column in COLUMNS))
        for op in OPERATORS:
            cells = [counter[sort, op, group, column] for column in COLUMNS]
            shown = [f"{'-' if column == 'ambiguous' and op not in TYPED else cell:>12}"
                     for column, cell in zip(COLUMNS, cells)]
            lines.append(f"  {op:11}" + "".join(shown))
    return "\n".join(lines)


def report(counter):
    answers = "\n".join(f"  {name:34}{counter['answer', name]:>9}" for name in ANSWERS)
    return "\n".join([table(counter, "list", KINDS), table(counter, "place", PLACES), "answers", answers])
