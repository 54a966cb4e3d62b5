#!/usr/bin/env python3
"""A second verifier of Doorward's log: it shares no code with src/ (Python's standard library only).

usage: verify.py [--key FILE] [--checkpoint FILE]... PATH

PATH is a log directory, one writer's directory, or one file of records (with PATH.checkpoints beside it). FILE of --key
is audit.pub; each --checkpoint is a note kept elsewhere, which the log must agree with. Exit 0: the log is whole. Exit
1: it is not; the first thing wrong is printed. Exit 2: it cannot be read.
"""
import argparse
import base64
import hashlib
import json
import pathlib
import re
import sys

HEAD = re.compile(
    rb'\{"v":1,"writer":"([^"\\]*)","epoch":(0|[1-9][0-9]*),"seq":(0|[1-9][0-9]*),"prev":"([0-9a-f]{64})",.*\}\Z', re.S)
ORIGIN = "doorward.log/"


class Bad(Exception):
    pass


# Ed25519 verification, RFC 8032 section 5.1.7, without constant time: everything here is public.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
I = pow(2, (P - 1) // 4, P)


def add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e = (y1 - x1) * (y2 - x2) % P
    f = (y1 + x1) * (y2 + x2) % P
    g = 2 * t1 * t2 * D % P
    h = 2 * z1 * z2 % P
    w, x, y, z = f - e, h - g, h + g, f + e
    return w * x % P, y * z % P, x * y % P, w * z % P


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def decompress(data):
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * I % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signature_holds(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r = decompress(key), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = multiply(s, BASE), add(r, multiply(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


class Tree:
    """The roots of the complete subtrees of an RFC 9162 tree, largest first."""

    def __init__(self, size=0, nodes=()):
        self.size, self.nodes = size, list(nodes)

    def add(self, leaf):
        rest = self.size
        while rest & 1:
            leaf = hashlib.sha256(b"\x01" + self.nodes.pop() + leaf).digest()
            rest >>= 1
        self.nodes.append(leaf)
        self.size += 1

    def root(self):
        if not self.nodes:
            return hashlib.sha256(b"").digest()
        root = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            root = hashlib.sha256(b"\x01" + node + root).digest()
        return root


def open_note(note, key, where):
    """(writer, epoch, size, root) of a signed note; the signature must hold where a key is given."""
    lines = note.split("\n")
    if len(lines) < 5 or lines[3] != "" or not lines[0].startswith(ORIGIN):
        raise Bad(f"{where}: no checkpoint of a Doorward log")
    origin, size, root = lines[:3]
    try:
        writer, epoch = origin[len(ORIGIN):].split("/")
        found = (writer, int(epoch), int(size), base64.b64decode(root, validate=True))
    except ValueError:
        raise Bad(f"{where}: no checkpoint of a Doorward log")
    if key is None:
        return found
    text = "\n".join(lines[:3]).encode() + b"\n"
    key_id = hashlib.sha256(origin.encode() + b"\n\x01" + key).digest()[:4]
    for line in lines[4:]:
        if line.startswith(f"\u2014 {origin} "):
            try:
                blob = base64.b64decode(line.rsplit(" ", 1)[1], validate=True)
            except ValueError:
                continue
            if blob[:4] == key_id and signature_holds(key, text, blob[4:]):
                return found
    raise Bad(f"{where}: the checkpoint of {origin} at size {size} has no valid signature by the key given")


def notes_of(path):
    """Notes are joined by a blank line; each has one within."""
    parts = path.read_text().split("\n\n")
    return [parts[i] + "\n\n" + parts[i + 1].rstrip("\n") + "\n" for i in range(0, len(parts) - 1, 2)]


class Log:
    """One writer's log, record by record."""

    def __init__(self, writer, claims, key):
        self.writer, self.claims, self.key = writer, claims, key
        self.epoch = None
        self.next = 0
        self.prev = None
        self.tree = Tree()
        self.start = None
        self.removed = []
        self.signed = 0

    def record(self, line, where):
        match = HEAD.match(line)
        if not match or match[1].decode() != self.writer:
            raise Bad(f"{where}: no record of {self.writer}")
        epoch, seq, prev = int(match[2]), int(match[3]), match[4].decode()
        try:
            record = json.loads(line)
        except ValueError:
            raise Bad(f"{where}: record {seq} is not JSON")
        if self.epoch is None or epoch != self.epoch:
            self.begin(record, epoch, seq, prev, where)
        elif seq != self.next:
            raise Bad(f"{where}: record {seq} stands where record {self.next} belongs")
        elif prev != self.prev:
            raise Bad(f"{where}: record {seq}, or the one before it, was changed: it names another hash")
        if record.get("event") == "segment.start" and seq != 0:
            stated = Tree(record["tree"]["size"], [bytes.fromhex(node) for node in record["tree"]["nodes"]])
            if stated.size != self.tree.size or stated.root() != self.tree.root():
                raise Bad(f"{where}: record {seq} states another tree than the records before it make")
        if record.get("event") == "segments.removed":
            self.removed += record["removed"]
        leaf = hashlib.sha256(b"\x00" + line).digest()
        self.prev, self.next = leaf.hex(), seq + 1
        self.tree.add(leaf)
        self.compare(where)

    def begin(self, record, epoch, seq, prev, where):
        first = self.epoch is None
        if not first:
            self.end(where)
            if epoch < self.epoch:
                raise Bad(f"{where}: epoch {epoch} follows epoch {self.epoch}")
        before = None if first else (self.epoch, self.next, self.prev)
        self.epoch = epoch
        if seq != 0:
            if not first or record.get("event") != "segment.start" or record["tree"]["size"] != seq:
                raise Bad(f"{where}: records before record {seq} are missing")
            self.tree = Tree(seq, [bytes.fromhex(node) for node in record["tree"]["nodes"]])
            self.start = (epoch, seq, prev)
            if self.key is not None and not any(c[1:3] == (epoch, seq) for c in self.claims):
                raise Bad(f"{where}: no checkpoint vouches for what came before record {seq}")
            self.compare(where)
            return
        if record.get("event") != "writer.start" or prev != "0" * 64:
            raise Bad(f"{where}: epoch {epoch} does not begin with writer.start")
        self.tree = Tree()
        previous = record["previous"]
        if first:
            if previous is not None:
                self.start = (previous["epoch"], previous["size"], previous["last"])
        elif previous is None or (previous["epoch"], previous["size"], previous["last"]) != before:
            raise Bad(f"{where}: epoch {epoch} was begun after another state of the log")

    def compare(self, where):
        for claim in self.claims:
            if claim[1:3] == (self.epoch, self.tree.size):
                if claim[3] != self.tree.root():
                    raise Bad(f"{where}: at size {self.tree.size} the tree is not the one that was signed")
                self.signed += 1

    def end(self, where):
        for _, epoch, size, _ in self.claims:
            if epoch == self.epoch and size > self.tree.size:
                raise Bad(f"{where}: the log was cut: {size} records of epoch {epoch} were signed, {self.tree.size} are here")

    def finish(self, where):
        if self.epoch is not None:
            self.end(where)
            if self.start and not any(
                    (r["epoch"], r["first"] + r["count"], r["last"]) == self.start for r in self.removed):
                raise Bad(f"{where}: the log begins amid, and does not say that what came before was removed")
        for _, epoch, size, _ in self.claims:
            if self.epoch is None or epoch > self.epoch:
                raise Bad(f"{where}: {size} records of epoch {epoch} were signed, none are here")


def verify_files(writer, files, claims, key):
    log = Log(writer, claims, key)
    where = writer
    count = 0
    for path in files:
        data = path.read_bytes()
        lines = data.split(b"\n")
        for number, line in enumerate(lines[:-1], 1):
            where = f"{path}:{number}"
            log.record(line, where)
            count += 1
        if lines[-1]:
            raise Bad(f"{path}:{len(lines)}: the last line is not whole")
    log.finish(where)
    return count, log.signed


def verify(path, key, external):
    if path.is_dir():
        writers = [path] if (path / "lock").exists() else sorted(p for p in path.iterdir() if (p / "lock").exists())
        total = signed = 0
        for directory in writers:
            claims = [open_note(note, key, str(file))
                      for file in sorted(directory.glob("*.checkpoints")) for note in notes_of(file)]
            claims += [c for c in external if c[0] == directory.name]
            files = sorted(directory.glob("[0-9]*-[0-9]*.jsonl"))
            count, heads = verify_files(directory.name, files, claims, key)
            total, signed = total + count, signed + heads
        names = {directory.name for directory in writers}
    else:
        side = path.with_name(path.name + ".checkpoints")
        claims = [open_note(note, key, str(side)) for note in notes_of(side)] if side.exists() else []
        first = HEAD.match(path.read_bytes().split(b"\n", 1)[0])
        if not first:
            raise Bad(f"{path}:1: no record")
        writer = first[1].decode()
        total, signed = verify_files(writer, [path], claims + [c for c in external if c[0] == writer], key)
        names = {writer}
    for claim in external:
        if claim[0] not in names:
            raise Bad(f"the log of {claim[0]}, which a checkpoint given vouches for, is not here")
    print(f"ok: {total} records, {signed} checkpoints agree")


def main():
    parser = argparse.ArgumentParser(description="Verify a Doorward log.")
    parser.add_argument("--key", type=pathlib.Path)
    parser.add_argument("--checkpoint", type=pathlib.Path, action="append", default=[])
    parser.add_argument("path", type=pathlib.Path)
    options = parser.parse_args()
    try:
        key = base64.b64decode(options.key.read_text().strip(), validate=True) if options.key else None
        external = [open_note(path.read_text(), key, str(path)) for path in options.checkpoint]
        verify(options.path, key, external)
    except Bad as bad:
        print(f"bad: {bad}")
        return 1
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"cannot verify: {error!r}")
        return 2
    return 0


sys.exit(main())
