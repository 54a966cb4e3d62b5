"""For each operator a random `value`, and arguments that make it true, false or an error.

`make_value(rng, op)` gives the value of a condition. `sample(rng, op, value, want)` gives a JSON value for
which the condition is meant to be `want`: "true", "false", "wrong" (type) or "ambiguous". What it really is,
the evaluator decides; samples only bias the search. None where there is no such value.
"""

import decimal

from operators import holds
from strict_json import Number, json_type, same

decimal.getcontext().prec = 2000

STRINGS = ["", "a", "A", "abc", "10000", "true", "null", "USD", "EUR", "eur", "\u00e9", "e\u0301",
           "\U0001f600",
           "a\u0000b", "line\nbreak", '"quoted"', "back\\slash", "\u017f", "0", "abcabc", "ab\U0001f600c",
           " a "]
NUMBERS = ["0", "1", "-1", "10", "100", "1000", "10000", "9007199254740992", "9007199254740993", "0.1", "0.3",
           "1e3", "-2.5", "1e399", "1e-400", "12345678901234567890.123456789", "0.000001",
           "18446744073709551616", "-9223372036854775808", "4294967296", "1E+2", "10000.0000000000000001"]
OBJECTS = [{"a": "1"}, {"a": True, "b": ["x"]}, {"": "x"}, {"a.b": {"c": "d"}}, {}]
ARRAYS = [["a"], ["a", "b"], [True], [["a"], "b"], ["b", "a"]]
TYPES = ["string", "number", "boolean", "object", "array"]

# (pattern, found in, not found in)
PATTERNS = [
    ("^a$", ["a"], ["a\n", "\na", "b\na", "A", ""]),
    ("a$", ["a", "ba", "x\na"], ["a\n", "a\nb"]),
    ("^b", ["b", "ba\n"], ["a\nb", "ab"]),
    ("(?i)abc", ["ABC", "xaBcx"], ["ab", "a b c"]),
    ("(?i)k", ["K", "k", "\u212a"], ["x"]),
    (r"^\d+$", ["0", "10000"], ["\u0661\u0662", "1\n", "", "1e3"]),
    (r"\bpay\b", ["pay", "to pay now"], ["payment", "repay"]),
    (r"^[a-z0-9_]+$", ["abc_1", "a"], ["Abc", "a b", "\u00e9", ""]),
    (r"^.$", ["a", "\u00e9", "\U0001f600"], ["", "ab", "\n", "e\u0301"]),
    (r"(?s)^.$", ["\n", "a"], ["", "ab"]),
    (r"a|b", ["xbx", "a"], ["c", "A"]),
    ("", ["", "anything"], []),
    (r"^(foo|bar)-\w{2,4}$", ["foo-ab", "bar-a_1"], ["foo-a", "foo-abcde", "foo-\u00e9\u00e9"]),
    (r"\s", ["a b", "\t"], ["ab", "\u00a0", "\u2003"]),
    (r"^\p{Greek}+$", ["\u03b1\u03b2"], ["a", "\u03b1a"]),
    (r"\x{1F600}", ["ab\U0001f600c"], ["ab"]),
    (r"[^\x00-\x7F]", ["\u00e9"], ["plain", "a\u0000b"]),
    (r"\Q.*\E", ["a.*b"], ["abc"]),
    (r"(a+)+$", ["aaaaaaaaaaaaaaaaaaaaaaaa"], ["aaaaaaaaaaaaaaaaaaaaaaaab"]),
    (r"^a\z", ["a"], ["a\n"]),
    (r"\A\w+\.txt$", ["f.txt"], ["f.txt\n", "a/f.txt"]),
    (r"a\x00b", ["a\u0000b"], ["ab"]),
    (r"^[[:alpha:]]{3}$", ["abc"], ["ab1", "\u00e9\u00e9\u00e9"]),
    (r"(?U)a+b", ["aab"], ["b"]),
    (r"^[\]m(?]+$", ["](?m"], ["x"]),
    (r"^(?P<m>x)(?:y)$", ["xy"], ["x"]),
    (r"^a{500}$", ["a" * 500], ["a" * 499]),
]
BAD_PATTERNS = ["(", "(?m)^a$", "(?im)x", "(?s-m:x)", "(?m:a)", r"a\C", r"\C", "[z-a]", "a{1001}", "(?=a)",
                r"(a)\1",
                r"\pL{200}", "a**", "[a", r"\8", "(?P<n", "*a"]

DIRECTORIES = ["/data", "/data/", "/srv/www", "/", "/data//in", "/tmp/./x", "/\u00fc", "/a b/c", "/data.d"]
BAD_PATHS = ["/data/../etc", "/..", "/data/..", "..", "data/x", "./data", "", "/data/%2e%2e/x", "/data/%41",
             "/data\\x",
             "/data/\u0001", "/data/\n", "/data/a\u007f", "C:\\x", "~/x", "/data/../data/x", " /data"]
HOSTS = ["example.com", "Example.COM", "*.example.com", "api.example.org:8443", "h:8443", "127.0.0.1",
         "[::1]",
         "[2001:db8::1]:8080", "*.corp.test:8443", "localhost", "a-b.example.net", "h:443"]
BAD_URLS = ["http://user@example.com/", "http://u:p@example.com/", "http://exa%6dple.com/",
            "http://example.com%2f@e/",
            "http://example.com\\@evil.test/", "http://evil.test\\.example.com/", "http://exam ple.com/",
            "http://example.com\t/", "http://exa\nmple.com/", "http://ex\u00e4mple.com/",
            "http://example.com./",
            "http://example.com.:8443/", "http://127.1/", "http://2130706433/", "http://0x7f.0.0.1/",
            "http://0177.0.0.1/", "http://127.0.0.01/", "http://0x7f000001/", "http://127.0.0.1.:80/",
            "http://[::1/",
            "http://[::g]/", "http://[0:0:0:0:0:0:0:1]/", "http://[fe80::1%25eth0]/", "http:///x", "http://",
            "//example.com/", "example.com", "ftp://example.com/", "", "javascript:alert(1)",
            "http:example.com",
            "http:/example.com", " http://example.com/", "http://example.com:80a/", "http://1.2.3.256/",
            "http\u017f://example.com/", "http://example.\uff43om/", "http://@example.com/", "http://1.2.3/"]
DOMAINS = ["example.com", "Example.COM", "*.example.com", "corp.test", "*.corp.test", "localhost"]
BAD_EMAILS = ["a@b@example.com", '"a b"@example.com', "a @example.com", "a@example.com ", "a@example.com.",
              "Bob <a@example.com>", "a@ex\u00e4mple.com", "\u00e4@example.com", "a@", "@example.com",
              "example.com",
              "a..b@example.com", ".a@example.com", "a.@example.com", "a@example.com,b@evil.test",
              "a@example.com\n",
              "", "a@[10.0.0.1]", "a@.example.com", "a@example..com", "a(c)@example.com",
              "a@example.com;b@c.test"]
NETWORKS = ["10.0.0.0/8", "192.168.1.0/24", "127.0.0.1/32", "0.0.0.0/0", "2001:db8::/32", "::1/128", "::/0",
            "::ffff:10.0.0.0/104", "172.16.0.0/12", "fe80::/10", "10.1.2.128/25"]
ADDRESSES = ["10.0.0.1", "10.255.255.255", "11.0.0.0", "9.255.255.255", "192.168.1.77", "192.168.2.1",
             "127.0.0.1",
             "172.31.255.255", "172.32.0.0", "2001:db8::1", "2001:DB8:0:0:1::5", "2001:db9::", "::1", "::2",
             "fe80::1",
             "::ffff:10.1.2.3", "::ffff:a01:203", "::ffff:192.168.1.9", "febf:ffff::", "fec0::", "10.1.2.129",
             "10.1.2.127", "0.0.0.0", "255.255.255.255", "::", "64:ff9b::10.0.0.1"]
BAD_ADDRESSES = ["10.0.0.01", "010.0.0.1", "10.1", "167772161", "0x0a.0.0.1", "fe80::1%eth0", "fe80::1%25",
                 " 10.0.0.1",
                 "10.0.0.1 ", "10.0.0.1/32", "localhost", "", "\uff110.0.0.1", "10.0.0.256", "10.0.0.1.",
                 "[::1]",
                 "::1::", "1:2:3", "12345::", "::ffff:10.0.0.01", "10.0.0.1\n", "10.0.0.1:80",
                 "::ffff:10.0.0.256"]


def chance(rng, probability):
    return rng.random() < probability


def number(value, rng=None):
    """A Number equal to a Decimal, spelled one way or another."""
    text = str(value)
    if rng is not None and rng.random() < 0.4 and -30 < value.adjusted() < 30:
        text = format(value, "f")
    return Number(text)


def respell(rng, n):
    """The same number, spelled otherwise."""
    if n.value == 0:
        return Number(rng.choice(["0", "-0", "0.0", "0e5", "0E-3", "-0.00"]))
    sign, digits, exponent = n.value.as_tuple()
    whole = ("-" if sign else "") + "".join(map(str, digits))
    how = rng.randrange(5)
    if how == 0 or not -300 < exponent < 300:
        return n
    if how == 1:
        return Number(f"{whole}e{exponent}")
    if how == 2:
        return Number(f"{whole}000E{exponent - 3:+}")
    plain = format(n.value, "f")
    return Number(plain + ("0" * rng.randint(1, 20) if "." in plain else "." + "0" * rng.randint(1, 20)))


def near(rng, n, direction):
    step = decimal.Decimal(rng.choice(["1", "0.5", "1e-16", "1e-30", "10000", "1e-6", "1e30", "1e-7"]))
    return number(n.value + direction * step, rng)


def of_type(rng, kind):
    if kind == "string":
        return rng.choice(STRINGS)
    if kind == "number":
        return Number(rng.choice(NUMBERS))
    if kind == "boolean":
        return rng.random() < 0.5
    return rng.choice(OBJECTS if kind == "object" else ARRAYS)


def of_other_type(rng, *types):
    return of_type(rng, rng.choice([t for t in TYPES if t not in types]))


def again(rng, value):
    """An equal value: numbers respelled, members shuffled."""
    if isinstance(value, Number):
        return respell(rng, value)
    if isinstance(value, list):
        return [again(rng, element) for element in value]
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: again(rng, value[key]) for key in keys}
    return value


def unequal(rng, values):
    """A value equal to none of `values`, of a type that occurs among them; None where there is none."""
    for _ in range(8):
        like = rng.choice(values)
        if isinstance(like, Number) and rng.random() < 0.6:
            other = near(rng, like, rng.choice([1, -1]))
        elif isinstance(like, str) and rng.random() < 0.3:
            other = rng.choice([like + "a", like.upper(), like + "\n", like[:-1], like + "\u0301"])
        elif isinstance(like, list) and rng.random() < 0.5:
            other = rng.choice([[], like + [None], like[::-1] + ["z"]])
        else:
            other = of_type(rng, json_type(like))
        if not any(same(other, v) for v in values):
            return other
    return None


def make_value(rng, op):
    if op in ("eq", "neq"):
        kind = rng.choice(["string", "string", "number", "number", "boolean", "object", "array"])
        return of_type(rng, kind)
    if op in ("in", "not_in"):
        kinds = [rng.choice(["string", "number"])] if rng.random() < 0.6 else TYPES
        return [of_type(rng, rng.choice(kinds)) for _ in range(rng.randint(1, 4))]
    if op in ("lt", "lte", "gt", "gte"):
        return of_type(rng, "number")
    if op == "exists":
        return rng.random() < 0.5
    if op == "regex":
        return rng.choice(PATTERNS)[0]
    if op == "contains":
        return of_type(rng, rng.choice(["string", "string", "string", "number", "boolean", "object"]))
    if op in ("starts_with", "ends_with"):
        if rng.random() < 0.5:
            return rng.choice(STRINGS)
        return rng.sample(STRINGS, rng.randint(1, 3))
    pools = {"path_under": DIRECTORIES, "url_host": HOSTS, "email_domain": DOMAINS, "cidr": NETWORKS}
    if op in pools:
        made = rng.sample(pools[op], rng.randint(1, 3))
        everything = {"/", "0.0.0.0/0"} & set(made)  # leaves little that is false
        if everything and not chance(rng, 0.2):
            made = [p for p in made if p not in everything] or pools[op][:1]
        return made
    tests = rng.sample(["eq", "lt", "lte", "gt", "gte"], rng.choice([1, 1, 2]))  # length
    return {test: Number(str(rng.choice([0, 1, 1, 2, 3, 3, 5] if test != "lt" else [1, 2,
                                                                                    4]))) for test in tests}


def _equality(rng, op, value, want):
    values = value if op in ("in", "not_in") else [value]
    if want == "wrong":
        return of_other_type(rng, *{json_type(v) for v in values})
    if (want == "true") == (op in ("eq", "in")):
        return again(rng, rng.choice(values))
    return unequal(rng, values)


def _comparison(rng, op, value, want):
    if want == "wrong":
        return of_other_type(rng, "number")
    above = (op in ("gt", "gte")) == (want == "true")
    equal_is_true = op in ("lte", "gte")
    if equal_is_true == (want == "true") and rng.random() < 0.4:
        return respell(rng, value)
    return near(rng, value, 1 if above else -1)


def _regex(rng, op, value, want):
    if want == "wrong":
        return of_other_type(rng, "string")
    _, found, not_found = next(p for p in PATTERNS if p[0] == value)
    strings = found if want == "true" else not_found
    return rng.choice(strings) if strings else None


def _contains(rng, op, value, want):
    if want == "wrong":
        return of_other_type(rng, "array", *(["string"] if isinstance(value, str) else []))
    if isinstance(value, str) and rng.random() < 0.6:
        if want == "true":
            return rng.choice(["", "x", "\U0001f600"]) + value + rng.choice(["", "y", "\n"])
        return rng.choice(STRINGS)
    filler = [of_type(rng, rng.choice(TYPES)) for _ in range(rng.randint(0,
                                                                         2))] + [None] * (rng.random() < 0.2)
    filler = [f for f in filler if want == "true" or f is None or not same(f, value)]
    return filler + [again(rng, value)] if want == "true" else filler


def _affix(rng, op, value, want):
    if want == "wrong":
        return of_other_type(rng, "string")
    if want == "false":
        return rng.choice(["zz", "Zz", "z\nz", "\ufeffa\ufeff", "ZZabcZZ"])
    one = value if isinstance(value, str) else rng.choice(value)
    rest = rng.choice(["", "x", "\n", "\U0001f600"])
    return one + rest if op == "starts_with" else rest + one


def _path_under(rng, op, value, want):
    directory = rng.choice(value)
    if want == "true":
        spelled = directory if rng.random() < 0.5 else directory.replace("/", rng.choice(["//", "/./"]))
        return spelled.rstrip("/") + rng.choice(["", "/", "/x", "/x/y.txt", "//x", "/./x/.", "/...",
                                                 "/%zz"]) or "/"
    return rng.choice([directory.rstrip("/") + "base", "/dat", "/DATA", "/srv", "/etc/passwd", "/srv/wwww/x",
                       "/x"])


def _url_host(rng, op, value, want):
    item = rng.choice(value)
    star, host = item.startswith("*."), item.removeprefix("*.")
    colon = host.rfind(":")
    port = host[colon:] if colon > host.rfind("]") else ""
    host = host.removesuffix(port)
    scheme = rng.choice(["http", "https", "HTTPS"])
    own = ":80" if scheme == "http" else ":443"
    tail = rng.choice(["", "/", "/p?q=a@b", "?x", "#\\@evil", "/%2e%2e\\ \n"])
    if want == "true":
        if star:
            host = rng.choice(["a.", "A.b."]) + host
        host = host if "[" in host else rng.choice([host, host.upper()])
        return f"{scheme}://{host}{port or rng.choice(['', own])}{tail}"
    return f"{scheme}://" + rng.choice([
        "evil.test", "x" + host if "[" not in host else "[::2]", host + ":8444", "10.0.0.1",
        host + ".evil.test" if "[" not in host and not host[-1].isdigit() else "h.test",
        host + port if star else "h"]) + tail


def _email_domain(rng, op, value, want):
    item = rng.choice(value)
    domain = item.removeprefix("*.")
    local = rng.choice(["a", "a.b", "a+tag", "x_y-z", "A", "o'neil"])
    if want == "true":
        sub = rng.choice(["a.", "A.b."]) if item.startswith("*.") else ""
        return f"{local}@{sub}{rng.choice([domain, domain.upper()])}"
    return f"{local}@" + rng.choice(["evil.test", "x" + domain, domain + ".evil.test",
                                     domain if item.startswith("*.") else "sub." + domain])


def _length(rng, op, value, want):
    exact = [n for n in range(8) if all(
        {"eq": n == b, "lt": n < b, "lte": n <= b, "gt": n > b, "gte": n >= b}[t]
        for t, b in ((t, int(v.value)) for t, v in value.items()))]
    lengths = exact if want == "true" else [n for n in range(8) if n not in exact]
    if want == "wrong":
        return of_other_type(rng, "string", "array")
    if not lengths:
        return None
    n = rng.choice(lengths)
    if rng.random() < 0.5:
        return "".join(rng.choice("ab\u00e9\U0001f600\u0301") for _ in range(n))
    return [rng.choice([None, "a", True, []]) for _ in range(n)]


def _cidr(rng, op, value, want):
    for _ in range(40):
        address = rng.choice(ADDRESSES)
        if holds(op, value, address) == (want == "true"):
            break
    return address


def _from_pools(bad, make):
    def sample_typed(rng, op, value, want):
        if want == "wrong":
            return of_other_type(rng, "string")
        return rng.choice(bad) if want == "ambiguous" else make(rng, op, value, want)
    return sample_typed


_SAMPLERS = {
    "eq": _equality, "neq": _equality, "in": _equality, "not_in": _equality,
    "lt": _comparison, "lte": _comparison, "gt": _comparison, "gte": _comparison,
    "regex": _regex, "contains": _contains, "starts_with": _affix, "ends_with": _affix, "length": _length,
    "path_under": _from_pools(BAD_PATHS, _path_under),
    "url_host": _from_pools(BAD_URLS, _url_host),
    "email_domain": _from_pools(BAD_EMAILS, _email_domain),
    "cidr": _from_pools(BAD_ADDRESSES, _cidr),
}
TYPED = ("path_under", "url_host", "email_domain", "cidr")


def sample(rng, op, value, want):
    return _SAMPLERS[op](rng, op, value, want)
