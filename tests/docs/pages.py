"""Blocks of documents that are written by a program: between `<!-- NAME -->` and `<!-- /NAME -->`."""
import re

# What differs from run to run in what a gateway says.
MASKS = [(r"\b(dec|apr)_[0-9a-z]+", r"\1_ID"), (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"), (r"\b\d\d:\d\d UTC", "TIME UTC"),
         (r"Retry after \d+ seconds", "Retry after N seconds"), (r"sha256 [0-9a-f]{8,}", "sha256 HEX")]


def masked(text):
    """The text with every id, time and span of waiting as one word."""
    for pattern, word in MASKS:
        text = re.sub(pattern, word, text)
    return text


def block(text, name):
    """What stands between the markers of this name."""
    return text[slice(*span(text, name))]


def replaced(text, name, content):
    """The text with another content between these markers."""
    start, end = span(text, name)
    return text[:start] + content + text[end:]


def span(text, name):
    found = re.search(rf"<!-- {re.escape(name)} -->\n(.*?)<!-- /{re.escape(name)} -->", text, re.S)
    if not found:
        raise AssertionError(f"no block {name}")
    return found.span(1)
