"""JSON as the policy language sees it: numbers keep their spelling, duplicate keys are refused.

Values are dict, list, str, bool, None and Number. Nothing is ever a float.
"""

import json
import re
from decimal import Decimal

MAX_DIGITS = 400  # on either side of the point, policy.md section 4

_NUMBER = re.compile(r"-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?", re.ASCII)


class Number:
    """A JSON number: `lexeme` as spelled, `value` exact. ValueError beyond 400 digits on a side."""

    __slots__ = ("lexeme", "value")

    def __init__(self, lexeme):
        whole, fraction, exponent = _NUMBER.fullmatch(lexeme).groups()
        digits = whole + (fraction or "")
        significant = digits.strip("0")
        self.lexeme = lexeme
        if not significant:
            self.value = Decimal(0)  # 0e999999 is zero: digits are counted in the value
            return
        exponent = exponent or "0"
        if len(exponent.lstrip("+-0")) > 9:
            raise ValueError("number beyond 400 digits")
        leading_zeros = len(digits) - len(digits.lstrip("0"))
        before_point = len(whole) - leading_zeros + int(exponent)
        after_point = len(significant) - before_point
        if before_point > MAX_DIGITS or after_point > MAX_DIGITS:
            raise ValueError("number beyond 400 digits")
        self.value = Decimal(lexeme)  # exact: construction and comparison ignore the context's precision

    def __repr__(self):
        return self.lexeme


def _object(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


def _constant(name):
    raise ValueError(name + " is not JSON")


def _refuse_lone_surrogates(value):
    if isinstance(value, str):
        value.encode("utf-8")  # UnicodeEncodeError is a ValueError
    elif isinstance(value, list):
        for element in value:
            _refuse_lone_surrogates(element)
    elif isinstance(value, dict):
        for key, member in value.items():
            _refuse_lone_surrogates(key)
            _refuse_lone_surrogates(member)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Number, parse_int=Number, parse_constant=_constant
)


def read(text):
    """The value of a JSON text. ValueError for anything that is not one."""
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if "\\ud" in text or "\\uD" in text:
        _refuse_lone_surrogates(value)
    return value


def json_type(value):
    for python_type, name in (
        (bool, "boolean"), (Number, "number"), (str, "string"),
        (list, "array"), (dict, "object"), (type(None), "null"),
    ):
        if isinstance(value, python_type):
            return name
    raise TypeError(repr(value))


def same(a, b):
    """Equal as JSON values: numbers by exact decimal value, strings by code points."""
    if json_type(a) != json_type(b):
        return False
    if isinstance(a, Number):
        return a.value == b.value
    if isinstance(a, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return a == b
