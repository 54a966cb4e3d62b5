"""The operators of policy.md section 4: what they take, when they hold.

Each operator is a pair. `check_<op>(value)` refuses a document (raises Refused). `holds(op, value, actual)`
judges one present, non-null value: True, False, or raises WrongType / Ambiguous, both of which are the
*error* of section 4 (two classes only so that a coverage table can tell them apart).
"""

import ipaddress
import re

import re2_client
from strict_json import Number, json_type, same


class Refused(Exception):
    """The document is invalid."""


class ConditionError(Exception):
    """A condition that is neither true nor false."""


class WrongType(ConditionError):
    pass


class Ambiguous(ConditionError):
    pass


def need(condition, why):
    if not condition:
        raise Refused(why)


def take(actual, *types):
    if json_type(actual) not in types:
        raise WrongType(f"{json_type(actual)} is none of {types}")


# ---- values of a document -------------------------------------------------------------------------------


def _contains_null(value):
    if isinstance(value, list):
        return any(_contains_null(element) for element in value)
    if isinstance(value, dict):
        return any(_contains_null(member) for member in value.values())
    return value is None


def check_value(op, value):
    need(op in OPERATORS, f"unknown operator {op}")
    need(not _contains_null(value), "null in value")
    need(value != [], "empty list")
    OPERATORS[op][0](value)


def _any_value(value):
    pass


def _a_list(value):
    need(isinstance(value, list), "a list is needed")


def _a_number(value):
    need(isinstance(value, Number), "a number is needed")


def _a_boolean(value):
    need(isinstance(value, bool), "true or false is needed")


def _a_string_or_strings(value):
    need(isinstance(value, str) or isinstance(value, list) and all(isinstance(v, str) for v in value),
         "a string or a list of strings is needed")


def _strings(value):
    need(isinstance(value, list) and all(isinstance(v, str) for v in value), "a list of strings is needed")


def _a_pattern(value):
    need(isinstance(value, str), "a pattern is a string")
    need(re2_client.valid(value), "invalid pattern")


def _directories(value):
    _strings(value)
    for directory in value:
        try:
            path_segments(directory)
        except Ambiguous as error:
            raise Refused(str(error)) from None


def _hosts(value):
    _strings(value)
    for item in value:
        try:
            host, _ = split_host_port(item.removeprefix("*."))
        except Ambiguous as error:
            raise Refused(str(error)) from None
        need(not (item.startswith("*.") and (ends_in_number(host) or host.startswith("["))),
             "wildcard on an address")


def _domains(value):
    _strings(value)
    for item in value:
        need(re.fullmatch(DOT_ATOM, item.removeprefix("*.")), "not a domain")


def _networks(value):
    _strings(value)
    for item in value:
        network_of(item)


LENGTH_TESTS = ("eq", "lt", "lte", "gt", "gte")


def _length_object(value):
    need(isinstance(value, dict) and value and all(key in LENGTH_TESTS for key in value),
         "eq, lt, lte, gt, gte")
    for bound in value.values():
        _a_number(bound)
        need(bound.value >= 0 and bound.value == int(bound.value), "a length is a whole number")


# ---- plain operators ------------------------------------------------------------------------------------


def eq(value, actual):
    take(actual, json_type(value))
    return same(value, actual)


def is_in(value, actual):
    take(actual, *{json_type(v) for v in value})
    return any(same(v, actual) for v in value)


def compare(op, value, actual):
    take(actual, "number")
    a, v = actual.value, value.value
    return {"lt": a < v, "lte": a <= v, "gt": a > v, "gte": a >= v}[op]


def regex(value, actual):
    take(actual, "string")
    return re2_client.found(value, actual)


def contains(value, actual):
    if isinstance(value, str):
        take(actual, "string", "array")
    else:
        take(actual, "array")
    if isinstance(actual, str):
        return value in actual
    return any(same(value, element) for element in actual)


def starts_with(value, actual):
    take(actual, "string")
    return actual.startswith(tuple([value] if isinstance(value, str) else value))


def ends_with(value, actual):
    take(actual, "string")
    return actual.endswith(tuple([value] if isinstance(value, str) else value))


def length(value, actual):
    take(actual, "string", "array")
    n = len(actual)
    tests = {"eq": lambda v: n == v, "lt": lambda v: n < v, "lte": lambda v: n <= v,
             "gt": lambda v: n > v, "gte": lambda v: n >= v}
    return all(tests[key](bound.value) for key, bound in value.items())


# ---- path_under -----------------------------------------------------------------------------------------


def path_segments(text):
    if not text.startswith("/"):
        raise Ambiguous("relative path")
    if "\\" in text or re.search(r"%[0-9A-Fa-f]{2}", text) or any(ord(c) < 32 or 127 <= ord(c) < 160 for c in text):
        raise Ambiguous("backslash, percent escape or control character")
    segments = text.split("/")
    if ".." in segments:
        raise Ambiguous(".. segment")
    return [segment for segment in segments if segment not in ("", ".")]


def path_under(value, actual):
    take(actual, "string")
    path = path_segments(actual)
    return any(path[:len(d)] == d for d in map(path_segments, value))


# ---- url_host -------------------------------------------------------------------------------------------


def ends_in_number(host):
    """Whether a browser would read the host as an IPv4 address."""
    return bool(re.fullmatch(r"\d+|0[xX][0-9A-Fa-f]*", host.split(".")[-1], re.ASCII))


def split_host_port(authority):
    """(host in lower case, port or None). Ambiguous for anything but a plain host and a plain port."""
    if any(c in "@%\\" or c <= " " or c >= "\x7f" for c in authority):
        raise Ambiguous("user info, percent, backslash, white space, control or non-ASCII")
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]*\]|[A-Za-z0-9._-]+)(?::([0-9]+))?", authority)
    if not found:
        raise Ambiguous("not a host")
    host, port = found[1].lower(), found[2]
    if host.startswith("["):
        address = ipv6(host[1:-1])
        if address is None or address.ipv4_mapped is not None or f"[{address.compressed}]" != host:
            raise Ambiguous("odd spelling of an IP address")
    elif "" in host.split("."):
        raise Ambiguous("trailing dot or empty label")
    elif ends_in_number(host) and ipv4(host) is None:
        raise Ambiguous("odd spelling of an IP address")
    if port is not None and (port.startswith("0") or len(port) > 5 or int(port) > 65535):
        raise Ambiguous("odd port")
    return host, None if port is None else int(port)


def below_or_same(pattern, name):
    """`*.example.com` is any depth below, not itself; anything else is itself."""
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern


def url_host(value, actual):
    take(actual, "string")
    found = re.match(r"(https?)://([^/?#]*)", actual, re.ASCII | re.IGNORECASE)
    if not found:
        raise Ambiguous("not an absolute http(s) URL")
    own_port = {"http": 80, "https": 443}[found[1].lower()]
    host, port = split_host_port(found[2])
    port = own_port if port is None else port
    for item in value:
        star = "*." if item.startswith("*.") else ""
        listed_host, listed_port = split_host_port(item.removeprefix("*."))
        if listed_port is None:
            listed_port = own_port
        if listed_port == port and below_or_same(star + listed_host, host):
            return True
    return False


# ---- email_domain ---------------------------------------------------------------------------------------

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
DOT_ATOM = rf"{_ATOM}(?:\.{_ATOM})*"


def email_domain(value, actual):
    take(actual, "string")
    if not re.fullmatch(f"{DOT_ATOM}@{DOT_ATOM}", actual):
        raise Ambiguous("not one plain address")
    domain = actual.split("@")[1].lower()
    return any(below_or_same(item.lower(), domain) for item in value)


# ---- cidr -----------------------------------------------------------------------------------------------


def ipv4(text):
    if not re.fullmatch(r"(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}", text):
        return None
    if any(int(octet) > 255 for octet in text.split(".")):
        return None
    return ipaddress.IPv4Address(text)


def ipv6(text):
    if not re.fullmatch(r"[0-9A-Fa-f:.]+", text):  # no zone, no prefix length
        return None
    try:
        return ipaddress.IPv6Address(text)
    except ValueError:
        return None


def address_bits(text):
    """(width, address as an integer), IPv4-mapped counting as IPv4; None for anything but an address."""
    four = ipv4(text)
    if four is not None:
        return 32, int(four)
    six = ipv6(text)
    if six is None:
        return None
    return (32, int(six.ipv4_mapped)) if six.ipv4_mapped is not None else (128, int(six))


def network_of(text):
    """(width, prefix length, address as an integer). Refused with host bits set or malformed."""
    address, _, prefix = text.partition("/")
    bits = address_bits(address)
    need(bits and re.fullmatch(r"0|[1-9][0-9]{0,2}", prefix), "not a network")
    width, number = bits
    spelled_width = 128 if ":" in address else 32
    kept = int(prefix)
    need(kept <= spelled_width, "prefix too long")
    kept -= spelled_width - width  # ::ffff:10.0.0.0/104 is 10.0.0.0/8
    need(kept >= 0 and number & ((1 << (width - kept)) - 1) == 0, "host bits set")
    return width, kept, number


def cidr(value, actual):
    take(actual, "string")
    bits = address_bits(actual)
    if bits is None:
        raise Ambiguous("not an IP address")
    width, number = bits
    for item in value:
        network_width, kept, network = network_of(item)
        if network_width == width and number >> (width - kept) == network >> (width - kept):
            return True
    return False


# ---- the table ------------------------------------------------------------------------------------------

OPERATORS = {
    "eq": (_any_value, eq),
    "neq": (_any_value, lambda value, actual: not eq(value, actual)),
    "lt": (_a_number, lambda value, actual: compare("lt", value, actual)),
    "lte": (_a_number, lambda value, actual: compare("lte", value, actual)),
    "gt": (_a_number, lambda value, actual: compare("gt", value, actual)),
    "gte": (_a_number, lambda value, actual: compare("gte", value, actual)),
    "in": (_a_list, is_in),
    "not_in": (_a_list, lambda value, actual: not is_in(value, actual)),
    "exists": (_a_boolean, lambda value, actual: value),
    "regex": (_a_pattern, regex),
    "contains": (_any_value, contains),
    "starts_with": (_a_string_or_strings, starts_with),
    "ends_with": (_a_string_or_strings, ends_with),
    "path_under": (_directories, path_under),
    "url_host": (_hosts, url_host),
    "email_domain": (_domains, email_domain),
    "cidr": (_networks, cidr),
    "length": (_length_object, length),
}


def holds(op, value, actual):
    return OPERATORS[op][1](value, actual)
