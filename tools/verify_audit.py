#!/usr/bin/env python3
"""Verifies a Doorward log, proofs from one, or stored values: a second program, written from docs/audit-format.md alone.
    verify_audit.py [--key FILE] [--checkpoint FILE]... [--window] PATH    a log directory, a writer's, a file of records
    verify_audit.py --key FILE --proof FILE                                inclusion and consistency proofs
    verify_audit.py --openings FILE PATH                                   values against the commitments in the records

--key is audit.pub; --checkpoint holds notes kept elsewhere, which the log must agree with; --window: the records are those
of a period, and a checkpoint vouches for what came before. Exit 0: whole. 1: the first thing wrong is printed. 2: unreadable.
"""
import argparse, base64, hashlib, json, pathlib, re, sys

HEAD = re.compile(rb'\{"v":1,"writer":"([^"\\]*)","epoch":(0|[1-9]\d*),"seq":(0|[1-9]\d*),"prev":"([0-9a-f]{64})",.*\}', re.S)
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, I = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)

class Bad(Exception): pass
def need(truth, message):
    if not truth:
        raise Bad(message)

# Ed25519, RFC 8032 section 5.1.7, without constant time: everything here is public.
def plus(a, b):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    e, f, g, h = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2), 2 * t1 * t2 * D, 2 * z1 * z2
    w, x, y, z = f - e, h - g, h + g, f + e
    return w * x % P, y * z % P, x * y % P, w * z % P
def times(scalar, point):
    rest = times(scalar >> 1, plus(point, point)) if scalar else (0, 1, 1, 0)
    return plus(rest, point) if scalar & 1 else rest
def point_of(data):
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * I % P
    need(len(data) == 32 and y < P and (x * x - square) % P == 0 and (x or not sign), "a key or a signature is no point of the curve")
    return (x, y, 1, x * y % P) if x & 1 == sign else (P - x, y, 1, (P - x) * y % P)
def signature_holds(key, message, signature):
    a, r, s = point_of(key), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = times(s, point_of((4 * pow(5, -1, P) % P).to_bytes(32, "little"))), plus(r, times(h, a))
    return len(signature) == 64 and s < L and all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))

leaf_of = lambda line: hashlib.sha256(b"\x00" + line).digest()
node = lambda left, right: hashlib.sha256(b"\x01" + left + right).digest()
class Tree:
    def __init__(self, stated={"size": 0, "nodes": []}):  # nodes: the roots of the complete subtrees, largest first
        self.size, self.nodes = stated["size"], [bytes.fromhex(text) for text in stated["nodes"]]
        need(len(self.nodes) == bin(self.size).count("1"), "a tree is stated with too few or too many nodes")
    def add(self, leaf):
        rest, self.size = self.size, self.size + 1
        while rest & 1:
            leaf, rest = node(self.nodes.pop(), leaf), rest >> 1
        self.nodes.append(leaf)
    def root(self):
        root = self.nodes[-1] if self.nodes else hashlib.sha256(b"").digest()
        for other in self.nodes[-2::-1]:
            root = node(other, root)
        return root

def climb(index, last, start, path):
    """From leaf `index` of a tree whose last leaf is `last` up to the roots of the tree's left part and of the whole."""
    left = whole = start
    for other in path:
        need(last, "a path is too long")
        if index & 1 or index == last:
            left, whole = node(other, left), node(other, whole)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            whole = node(whole, other)
        index, last = index >> 1, last >> 1
    need(not last, "a path is too short")
    return left, whole

def open_note(note, key, where):
    """(writer, epoch, size, root) of a signed note; the signature must hold where a key is given."""
    match = re.match(r"(doorward\.log/([^/\n]+)/(0|[1-9]\d*))\n(0|[1-9]\d*)\n([A-Za-z0-9+/]{43}=)\n\n", note)
    need(match, f"{where}: no checkpoint of a Doorward log")
    origin, writer, epoch, size, root = match.groups()
    text, key_id = note[:match.end() - 1].encode(), hashlib.sha256(origin.encode() + b"\n\x01" + (key or b"")).digest()[:4]
    blobs = [base64.b64decode(found) for found in re.findall(f"^\u2014 {re.escape(origin)} ([A-Za-z0-9+/]+=*)$", note, re.M)]
    signed = not key or any(blob[:4] == key_id and signature_holds(key, text, blob[4:]) for blob in blobs)
    need(signed, f"{where}: the checkpoint of {origin} at size {size} has no valid signature by the key given")
    return writer, int(epoch), int(size), base64.b64decode(root)
def notes_of(path):
    parts = path.read_text().split("\n\n")  # notes are joined by a blank line; each has one within
    return [parts[i] + "\n\n" + parts[i + 1].rstrip("\n") + "\n" for i in range(0, len(parts) - 1, 2)]
def lines_of(files):
    for path in files:
        *lines, rest = path.read_bytes().split(b"\n")
        yield from ((f"{path}:{number}", line) for number, line in enumerate(lines, 1))
        need(not rest, f"{path}:{len(lines) + 1}: the last line is not whole")

def check_records(writer, lines, claims, key, window):
    """One writer's records, (where, line) in order, must agree with the heads claimed; how many of those it met."""
    epoch, size, prev, start, where, tree, removed, agreed, signed = None, 0, "", None, writer, Tree(), [], 0, {}
    for _, at_epoch, at_size, root in claims:
        signed.setdefault((at_epoch, at_size), []).append(root)
    for where, line in lines:
        match, record = HEAD.fullmatch(line), json.loads(line)
        need(match and match[1].decode() == writer, f"{where}: no record of {writer}")
        here, seq, named, event = int(match[2]), int(match[3]), match[4].decode(), record.get("event")
        if here != epoch:
            cut = any(c[1] == epoch and c[2] > size for c in claims)
            need(epoch is None or here > epoch and seq == 0 and not cut, f"{where}: records of epoch {epoch} are missing")
            before, epoch = epoch and (epoch, size, prev), here
            if seq:
                need(event == "segment.start" and record["tree"]["size"] == seq, f"{where}: records before {seq} are missing")
                tree, start = Tree(record["tree"]), (epoch, seq, named)
                vouched = set(signed.get((epoch, seq), [])) == {tree.root()} or not key and (epoch, seq) not in signed
                need(vouched, f"{where}: no checkpoint vouches for what came before record {seq}")
            else:
                need(event == "writer.start" and named == "0" * 64, f"{where}: epoch {epoch} does not begin as one")
                tree, told = Tree(), record["previous"] and tuple(record["previous"][k] for k in ("epoch", "size", "last"))
                need(before is None or told == before, f"{where}: epoch {epoch} was begun after another state of the log")
                start = start if before else told
        else:
            need(seq == size and named == prev, f"{where}: record {seq} does not follow record {size - 1}, or one was changed")
            need(event != "segment.start" or Tree(record["tree"]).root() == tree.root(), f"{where}: another tree is stated")
        removed += record["removed"] if event == "segments.removed" else []
        prev, size = leaf_of(line).hex(), seq + 1
        tree.add(bytes.fromhex(prev))
        for root in signed.get((epoch, size), []):
            need(root == tree.root(), f"{where}: at size {size} the tree is not the one that was signed")
            agreed += 1
    need(all((c[1], c[2]) <= (epoch or 0, size) for c in claims), f"{where}: the log was cut: more records were signed")
    gone = [(r["epoch"], r["first"] + r["count"], r["last"]) for r in removed]
    need(not start or window or start in gone, f"{where}: the log begins amid, and tells of no removal before")
    return agreed

def verify_log(path, key, outside, window):
    logs = {}
    if path.is_dir():
        for folder in [path] if (path / "lock").exists() else sorted(p for p in path.iterdir() if (p / "lock").exists()):
            logs[folder.name] = lines_of(sorted(folder.glob("[0-9]*-[0-9]*.jsonl"))), sorted(folder.glob("*.checkpoints"))
    else:
        side = path.with_name(path.name + ".checkpoints")
        for where, line in lines_of([path]):
            match = HEAD.fullmatch(line)
            need(match, f"{where}: no record")
            logs.setdefault(match[1].decode(), ([], [side] if side.exists() else []))[0].append((where, line))
    agreed = 0
    for writer, (lines, sides) in logs.items():
        claims = [open_note(note, key, side) for side in sides for note in notes_of(side)] + outside
        agreed += check_records(writer, lines, [c for c in claims if c[0] == writer], key, window)
    for writer, *_ in outside:
        need(writer in logs, f"the log of {writer}, which a checkpoint given vouches for, is not here")
    print(f"ok: the records of {len(logs)} writers, {agreed} checkpoints agree")
def verify_proofs(path, key):
    for number, proof in enumerate(json.loads(path.read_text())["proofs"]):
        where, nodes = f"{path}: proof {number}", [bytes.fromhex(text) for text in proof["path"]]
        if proof["kind"] == "inclusion":
            line, head = proof["record"].encode(), open_note(proof["checkpoint"], key, where)
            named = (match := HEAD.fullmatch(line)) and (match[1].decode(), int(match[2]), int(match[3]))
            need(named == (*head[:2], proof["index"]) and named[2] < head[2], f"{where}: the record is of another place")
            holds = climb(proof["index"], head[2] - 1, leaf_of(line), nodes)[1] == head[3]
        else:
            old, new = open_note(proof["old"], key, where), open_note(proof["new"], key, where)
            index, last = old[2] - 1, new[2] - 1
            need(old[:2] == new[:2] and 0 <= index <= last, f"{where}: no older and newer checkpoint of one log")
            nodes = ([old[3]] if old[2] & index == 0 else []) + nodes  # a complete tree is its own first node
            while index & 1:
                index, last = index >> 1, last >> 1
            holds = nodes and climb(index, last, nodes[0], nodes[1:]) == (old[3], new[3])
        need(holds, f"{where}: the path does not lead to the root that was signed")
    print("ok: every proof holds")
def verify_openings(openings, path):
    files = sorted(path.rglob("[0-9]*-[0-9]*.jsonl")) if path.is_dir() else [path]
    records = [json.loads(line) for _, line in lines_of(files)]
    held = {(r.get("id"), v["path"], v["commit"]) for r in records for v in r.get("values", [])}
    for where, line in lines_of([openings]):  # {"id", "path", "salt", "value"}
        item = json.loads(line)
        commit = hashlib.sha256(bytes.fromhex(item["salt"]) + item["value"].encode()).hexdigest()
        need((item["id"], item["path"], commit) in held, f"{where}: no record holds the commitment to this value")
    print("ok: every value is the one that was committed to")

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option, more in {"--key": {}, "--proof": {}, "--openings": {}, "--checkpoint": {"action": "append", "default": []},
                         "path": {"nargs": "?"}}.items():
        parser.add_argument(option, type=pathlib.Path, **more)
    parser.add_argument("--window", action="store_true")
    options = parser.parse_args()
    if options.proof and not options.key or not options.proof and not options.path:
        parser.error("give a PATH, or --key and --proof")
    try:
        key = base64.b64decode(options.key.read_text().strip(), validate=True) if options.key else None
        outside = [open_note(note, key, path) for path in options.checkpoint for note in notes_of(path)]
        if options.proof or options.openings:
            verify_proofs(options.proof, key) if options.proof else verify_openings(options.openings, options.path)
        else:
            verify_log(options.path, key, outside, options.window)
    except (Bad, ValueError, KeyError, TypeError, AttributeError) as bad:
        sys.exit(print(f"bad: {bad}" if isinstance(bad, Bad) else f"bad: not as the format has it: {bad!r}") or 1)
    except OSError as error:
        sys.exit(print(f"cannot verify: {error}") or 2)
if __name__ == "__main__":
    main()
