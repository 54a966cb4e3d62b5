"""Random policy documents."""

import json

import samples
from document import CATEGORIES
from evaluator import glob_matches
from invalid import spoil
from json_text import Raw, dump
from operators import OPERATORS
from samples import chance
from strict_json import Number

KINDS = ("deny_if", "require", "approve_if")
NAMES = ["read_file", "read_user", "create_refund", "delete_user", "api_key_delete", "a.b", "x/y~z",
         "say \"hi\"",
         "\u00fcber", "\U0001f600_go", "list", "api_key_create"]
GLOBS = ["*", "read_*", "*_user", "?*_*", "*e*", "api_key_*", "????", "delete_????", "x/*", "*~z", "\u00fc*",
         "?_go", "a*b",
         "[a-z]*", "r*_*", "*.b", "say*", "nothing_*"]
MEMBERS = ["amount", "to", "path", "items", "a.b", "x/y", "til~de", 'quo"te', "\u043a\u043b\u044e\u0447", "",
           "a b", "0",
           "customer", "email", "br]ack", "it's", "_id", "$ref", "-", "\U0001f600", "deep", "n\u0000l"]
SHAPES = [  # k member, i index, * all elements
    ("k", 26), ("kk", 14), ("kkk", 4), ("ki", 4), ("kik", 3), ("kii", 1), ("kkkkkkkkkk", 1), ("k*", 20),
    ("k*k", 14),
    ("kk*", 4), ("k**", 4), ("k*k*k", 4), ("ki*", 2), ("k*i", 2), ("k*kk", 2)]
ZONES = ["UTC", "Europe/Zurich", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Kathmandu",
         "America/St_Johns", "Pacific/Apia"]


def member_step(rng, name):
    simple = name and not any(c in name for c in ".[]\"' \u0000")
    if simple and not chance(rng, 0.1):
        return "." + name
    return "[" + json.dumps(name, ensure_ascii=chance(rng, 0.3)) + "]"


def make_path(rng, first):
    shape = rng.choices([s for s, _ in SHAPES], [w for _, w in SHAPES])[0]
    if first == "identity" or chance(rng, 0.04):
        text = "identity" + member_step(rng, rng.choice(["sub", "groups", "https://x.test/claim", "org"]))
    elif chance(rng, 0.04):
        return "grant.labels" + member_step(rng, rng.choice(["team", "a.b", "env"]))
    else:
        text = "args" + member_step(rng, first)
    for step in shape[1:]:
        if step == "k":
            text += member_step(rng, rng.choice(MEMBERS))
        elif step == "i":
            text += f"[{rng.choice([0, 0, 1, 2, 3])}]"
        else:
            text += "[*]"
    return text


def fixed_root_condition(rng, names):
    """On what the call cannot choose: its name, category, server, label, time."""
    return dict(zip(("path", "op", "value"), rng.choice([
        ("tool.name", "starts_with", [rng.choice(["read_", "api_", "x/"])]),
        ("tool.name", "in", rng.sample(names, 2)),
        ("tool.name", "neq", rng.choice(names)),
        ("tool.category", "eq", rng.choice(CATEGORIES)),
        ("tool.category", "not_in", rng.sample(CATEGORIES, 2)),
        ("tool.server", "eq", rng.choice(["stripe", "nas"])),
        ("tool.server", "length", {"gt": Number("3")}),
        ("grant.label", "starts_with", rng.choice(["ci", "agent"])),
        ("grant.label", "exists", True),
        ("time.hour", rng.choice(["lt", "gte", "gt", "lte"]),
         Number(rng.choice(["8", "12", "18.5", "0", "23"]))),
        ("time.hour", "in", [Number(str(h)) for h in rng.sample(range(24), 8)]),
        ("time.weekday", "in", rng.sample(["mon", "tue", "wed", "thu", "fri", "sat", "sun"], 3)),
        ("time.weekday", "neq", "sun"),
        ("time.weekday", "gt", Number("3")),
        ("tool.name", "exists", False),
    ])))


class Decks:
    """Choices drawn without return, a deck for each question, so that no answer falls behind."""

    def __init__(self, rng):
        self.rng, self.decks = rng, {}

    def draw(self, which, cards):
        deck = self.decks.setdefault(which, [])
        if not deck:
            deck.extend(self.rng.sample(cards, len(cards)))
        return deck.pop()


class Policy:
    """A document under construction, with what calls need to aim: its entries and limits."""

    def __init__(self, rng, decks):
        self.rng, self.decks = rng, decks
        self.members = rng.sample(MEMBERS, len(MEMBERS))
        self.counters = []  # limits by what makes them share a count
        self.names = rng.sample(NAMES, 3)
        self.spoiled = None
        self.actions = self.make_actions() if chance(rng, 0.1) else None
        self.document = self.make_document()
        if chance(rng, 0.2):
            self.spoiled = spoil(rng, self.document, Raw)
        self.text = dump(self.document)

    def make_actions(self):
        rng = self.rng
        below = rng.choice(["", ".op", '["a.b"]'])
        return [{"tool": "truenas", "name": f"args{below}.action", "args": f"args{below}.params",
                 "list": sorted({*self.names[:2], "api_key_delete"})}]

    def condition(self, kind, place):
        rng = self.rng
        if chance(rng, 0.04):
            return fixed_root_condition(rng, self.names)
        first = self.members.pop() if len(self.members) > 3 and not chance(rng, 0.05) else rng.choice(MEMBERS)
        op = self.decks.draw((kind, place), list(OPERATORS))
        if chance(rng, 0.004):
            return {"path": rng.choice(["args[0]", "args[*]"]), "op": op,
                    "value": samples.make_value(rng, op)}
        return {"path": make_path(rng, first), "op": op, "value": samples.make_value(rng, op)}

    def entry(self, kind, place="anywhere"):
        rng = self.rng
        entry = {"conditions": [self.condition(kind,
                                               place) for _ in range(rng.choice([1, 1, 1, 1, 2, 2, 3]))]}
        if chance(rng, 0.03 if kind != "require" else 0.06):
            entry["conditions"] = []
        if kind == "approve_if":
            if chance(rng, 0.5):
                entry["approvers"] = ["payments", "ops"][:rng.randint(1, 2)]
            if chance(rng, 0.2):
                entry["expires"] = rng.choice(["10m", "90s", "2h", "3d"])
            if chance(rng, 0.2):
                entry["approvals"] = Number(rng.choice(["1", "2", "2.0", "5"]))
            if chance(rng, 0.2):
                entry["self_confirm"] = rng.choice([True, False])
        elif chance(rng, 0.2):
            entry["on_deny"] = rng.choice(["No.", "", "\u00e9" * 500])
        return entry

    def limit(self):
        rng = self.rng
        if self.counters and chance(rng, 0.25):
            shared = rng.choice(self.counters)  # a count shared across blocks, with another max
        else:
            name = rng.choice(["calls", "refund total", "a/b", "x-type"])
            shared = {"counter": f"{name}-{len(self.counters)}",
                      "window": rng.choice(["minute", "hour", "day", "week", "month", Number("90")]),
                      "scope": rng.choice(["grant", "session", "identity", "server", "organisation"])}
            if chance(rng, 0.5):
                shared["amount"] = "args" + rng.choice([".spend", ".spend.sum", ".spends[1]", '["a.sum"]'])
            self.counters.append(shared)
        most = rng.choice(["0", "1", "5", "30", "1000000000000", "2e1"])
        if "amount" in shared:
            most = rng.choice([most, "0.5", "99.999999", "0.000001", "1e12"])
        limit = dict(shared, max=Number(most))
        if chance(rng, 0.2):
            limit["on_deny"] = "Later."
        return limit

    def block(self, place):
        rng, in_all_tools = self.rng, place == "all_tools"
        if not in_all_tools and chance(rng, 0.045):
            return rng.choice([{"action": "deny"}, {"action": "deny", "reason": "No."}, {"action": "hide"}])
        if chance(rng, 0.1):
            return {}
        block = {}
        for kind in KINDS:
            if chance(rng, 0.65 if kind == "approve_if" else 0.55):
                block[kind] = [self.entry(kind, place) for _ in range(rng.choice([1, 1, 1, 2]))]
        if chance(rng, 0.25):
            block["limits"] = [self.limit() for _ in range(rng.choice([1, 1, 2]))]
        if chance(rng, 0.1):
            block["rate_limit"] = {"max": Number(rng.choice(["0", "1", "10"])), "window": Number("60")}
        if not in_all_tools and chance(rng, 0.12):
            block["action"] = rng.choice(["allow", "approve", "approve"])
            if block["action"] == "approve" and chance(rng, 0.5):
                block["approvers"] = ["ops"]
        return block

    def make_document(self):
        rng = self.rng
        document = {"version": "1", "default": rng.choice(["allow", "allow", "allow", "deny"])}
        if chance(rng, 0.2):
            some = rng.sample(NAMES + ["admin_*", "zzz"], rng.randint(0, 2))
            document["hide"] = some + ([rng.choice(GLOBS)] if chance(rng, 0.3) else [])
            if chance(rng, 0.08):
                document["hide"].append("truenas")
            rng.shuffle(document["hide"])
        if chance(rng, 0.2):
            document["mode"] = rng.choice(["enforce", "observe"])
        if chance(rng, 0.1):
            document["detail"] = rng.choice(["full", "reason", "minimal"])
        if chance(rng, 0.3):
            document["timezone"] = rng.choice(ZONES)
        if chance(rng, 0.1):
            document["description"] = "x"
        tools = {}
        if chance(rng, 0.55):
            tools[self.names[0]] = self.block("exact")
        if chance(rng, 0.2):
            tools[rng.choice(self.names)] = self.block("exact")
        for _ in range(rng.choice([0, 1, 1, 1, 2])):
            matching = [g for g in GLOBS if glob_matches(g, self.names[0])]
            tools[rng.choice(matching if chance(rng, 0.85) else GLOBS)] = self.block("glob")
        if self.actions and chance(rng, 0.4):
            tools["truenas"] = self.block("exact")
        if tools or chance(rng, 0.3):
            document["tools"] = tools
        if chance(rng, 0.5):
            document["risk"] = {c: self.block("risk") for c in rng.sample(CATEGORIES, rng.choice([1, 1, 2]))}
        if chance(rng, 0.6):
            document["all_tools"] = self.block("all_tools")
        return dict(rng.sample(list(document.items()), len(document)))
