"""Writing JSON: plainly, or the same value with other white space, escapes and order of members."""

import json

from strict_json import Number


class Raw(str):
    """JSON text that is written as it stands."""


def dump(value, rng=None):
    """JSON text. With `rng`, members are shuffled, white space and escapes vary."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, Number):
        return value.lexeme
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=rng is not None and rng.random() < 0.5)
    space = rng.choice(["", "", " ", "\n\t"]) if rng else ""
    if isinstance(value, list):
        return "[" + ("," + space).join([dump(element, rng) for element in value]) + "]"
    if isinstance(value, dict):
        items = list(value.items())
        if rng:
            rng.shuffle(items)
        return "{" + ("," + space).join([f"{dump(k, rng)}:{space}{dump(v, rng)}" for k, v in items]) + "}"
    return {None: "null", True: "true", False: "false"}[value]
