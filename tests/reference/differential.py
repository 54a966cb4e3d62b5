#!/usr/bin/env python3
"""Compares the engine with the reference evaluator on random policies and calls, and checks laws on both.

    differential.py --engine build/bin/policy_oracle --re2-match build/bin/re2_match [--count N] [--seed N]
    differential.py --self --re2-match build/bin/re2_match        the reference alone

Exit status: 0 agreed, 1 disagreement or broken law, 2 coverage hole, 3 the engine failed.
"""

import argparse
import collections
import json
import multiprocessing
import os
import random
import subprocess
import sys
import threading
import time

import coverage
import generate
import laws
import re2_client
import strict_json
from evaluator import evaluate
from minimise import minimise

BATCH = 512
SHOWN = 10  # disagreements, and as many broken laws
PATIENCE_S = 120  # for one batch; an engine that hangs is killed


class EngineFailed(Exception):
    pass


class Engine:
    """The process under test: one case a line in, one answer a line out."""

    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def _write(self, lines):
        try:
            self.process.stdin.write(("\n".join(lines) + "\n").encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the reader meets the end of the output and says so

    def _read(self, count, answers):
        for _ in range(count):
            line = self.process.stdout.readline()
            if not line:
                return
            answers.append(line)

    def start(self, lines):
        """Begins a batch; `finish` gives its answers. A thread each writes and reads, so neither blocks."""
        self.lines, self.answers = lines, []
        self.threads = [threading.Thread(target=self._write, args=(lines,), daemon=True),
                        threading.Thread(target=self._read, args=(len(lines), self.answers), daemon=True)]
        for thread in self.threads:
            thread.start()

    def finish(self):
        self.threads[1].join(PATIENCE_S)
        if len(self.answers) < len(self.lines):
            self.process.kill()
            unanswered = self.lines[len(self.answers)]
            raise EngineFailed(f"no answer, status {self.process.wait()}, to:\n{unanswered}")
        self.threads[0].join()
        return [normal(json.loads(line)) for line in self.answers]

    def ask(self, lines):
        self.start(lines)
        return self.finish()

    def close(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()


def normal(answer):
    """Only the decision counts where no document or call was judged."""
    if answer["decision"] in ("invalid", "malformed"):
        return {"decision": answer["decision"], "rule": "", "pointer": "", "asks": []}
    return {key: answer[key] for key in ("decision", "rule", "pointer", "asks")}


class Batch:
    """The lines of a batch, and which laws tie which lines."""

    def __init__(self, seed, index, size, laws_share):
        cases = generate.batch(seed, index, size)
        rng = random.Random(f"{seed}/{index}/laws")
        self.base = len(cases)
        self.lines = [case.line for case in cases]
        self.ties = []  # (law, first line, second line)
        self.listings = []  # (case, {name: line})
        for number, case in enumerate(cases):
            if case.policy.spoiled or rng.random() >= laws_share:
                continue
            parsed = strict_json.read(case.line)
            for law, line in laws.variants(rng, parsed, case.policy):
                self.ties.append((law, number, len(self.lines)))
                self.lines.append(line)
            if rng.random() < 0.2:
                names = {}
                for name, line in laws.every_name(parsed):
                    names[name] = len(self.lines)
                    self.lines.append(line)
                self.listings.append((parsed, names))

    def broken_laws(self, answers, whose):
        for law, first, second in self.ties:
            why = laws.broken(law, answers[first], answers[second])
            if why:
                yield (f"law ({whose}): {law}: {why}\n  {self.lines[first]}\n    {answers[first]}\n"
                       f"  {self.lines[second]}\n    {answers[second]}")
        for case, names in self.listings:
            why = laws.broken_listing(case, {name: answers[line] for name, line in names.items()})
            if why:
                yield (f"law ({whose}): callable is listed minus visible denials: {why}\n"
                       f"  {laws.as_line(case)}")


def describe(line, engine):
    """A disagreement in full, after it was made small."""
    small = minimise(line, lambda other: (evaluate(strict_json.read(other)), engine.ask([other])[0]))
    case = strict_json.read(small)
    return "\n".join([
        "disagreement", f"  case:      {line}", f"  minimised: {small}", f"  policy:    {case['policy']}",
        f"  call:      {case['tool']} {case['args']}", f"  reference: {evaluate(case)}",
        f"  engine:    {engine.ask([small])[0]}"])


def work(options, first, results):
    """One worker: every `jobs`-th batch, its own engine, its own RE2 helper."""
    counter, troubles, outlaws, found, asked, judged = collections.Counter(), [], [], 0, 0, 0
    try:
        engine = Engine(options.engine) if options.engine else None
        for index in range(first, -(-options.count // BATCH), options.jobs):
            batch = Batch(options.seed, index, min(BATCH, options.count - index * BATCH), options.laws)
            if engine:
                engine.start(batch.lines)
            expected = []
            for number, line in enumerate(batch.lines):
                case, trace = strict_json.read(line), []
                expected.append(evaluate(case, trace))
                if number < batch.base:
                    coverage.count(counter, case, expected[-1], trace)
            problems = list(batch.broken_laws(expected, "reference"))
            if engine:
                answers = engine.finish()
                problems += batch.broken_laws(answers, "engine")
                for line, ours, theirs in zip(batch.lines, expected, answers):
                    if ours != theirs:
                        found += 1
                        if len(troubles) < SHOWN:
                            troubles.append(describe(line, engine))
            found += len(problems)
            outlaws += problems[:max(0, SHOWN - len(outlaws))]
            asked, judged = asked + len(batch.lines), judged + len(batch.ties) + len(batch.listings)
        if engine:
            engine.close()
        results.put((counter, troubles, outlaws, found, asked, judged, None))
    except Exception as error:  # reported by the parent, which exits non-zero
        results.put((counter, troubles, outlaws, found, asked, judged, f"{type(error).__name__}: {error}"))


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", help="the process under test")
    parser.add_argument("--self", action="store_true", help="no engine: generator, coverage and laws alone")
    parser.add_argument("--re2-match", default=re2_client.helper,
                        help="the helper (default $DOORWARD_RE2_MATCH)")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--laws", type=float, default=0.05, help="share of cases that laws are tried on")
    parser.add_argument("--quiet", action="store_true", help="no coverage table unless it has holes")
    options = parser.parse_args(arguments)
    if bool(options.engine) == options.self:
        parser.error("either --engine PATH or --self")
    re2_client.helper = options.re2_match
    if not re2_client.available():
        parser.error("--re2-match names no program")
    if options.engine and not os.access(options.engine, os.X_OK):
        parser.error("--engine names no program")
    return options


def main(arguments):
    options = options_of(arguments)
    started = time.monotonic()
    results = multiprocessing.Queue()
    workers = [multiprocessing.Process(target=work, args=(options, n, results)) for n in range(options.jobs)]
    for worker in workers:
        worker.start()
    parts = [results.get() for _ in workers]
    for worker in workers:
        worker.join()

    counter = sum((part[0] for part in parts), collections.Counter())
    troubles, outlaws = ([shown for part in parts for shown in part[i]][:SHOWN] for i in (1, 2))
    found, asked, judged = (sum(part[i] for part in parts) for i in (3, 4, 5))
    failures = [part[6] for part in parts if part[6]]
    holes = coverage.holes(counter) if options.count >= coverage.FROM_CASES else []

    if holes or not options.quiet:
        print(coverage.report(counter))
    for trouble in troubles + outlaws:
        print(trouble)
    for cell, times in holes:
        print(f"coverage hole: {' / '.join(cell)}: {times} of {coverage.LEAST}")
    for failure in failures:
        print(f"failed: {failure}")
    print(f"seed {options.seed}: {options.count} cases, {asked - options.count} more for "
          f"{judged} uses of laws, "
          f"{found} disagreements, {len(holes)} coverage holes, {time.monotonic() - started:.1f} s")
    return 3 if failures else 1 if found else 2 if holes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
