"""Runs the shell steps of a composite action as a runner does. Reads just as much YAML as our action.yml is written in."""
import os
import re
import subprocess


def read(text):
    """Mappings, lists of mappings, plain and quoted scalars, `|` blocks; two blanks a level."""
    lines = [line for line in text.split("\n")]
    value, rest = block(lines, 0, 0)
    assert not any(line.strip() for line in lines[rest:]), lines[rest]
    return value


def scalar(text):
    return text[1:-1].replace("''", "'") if text[:1] == text[-1:] == "'" and len(text) > 1 else text


def block(lines, at, indent):
    result = None
    while at < len(lines):
        line = lines[at]
        if not line.strip() or line.lstrip().startswith("#"):
            at += 1
            continue
        depth = len(line) - len(line.lstrip())
        if depth < indent:
            break
        assert depth == indent, line
        if line.lstrip().startswith("- "):
            result = [] if result is None else result
            lines[at] = " " * (indent + 2) + line.lstrip()[2:]
            item, at = block(lines, at, indent + 2)
            result.append(item)
            continue
        key, _, rest = line.strip().partition(":")
        rest = rest.strip()
        result = {} if result is None else result
        at += 1
        if rest == "|":
            taken = []
            while at < len(lines) and (not lines[at].strip() or lines[at].startswith(" " * (indent + 2))):
                taken.append(lines[at][indent + 2:])
                at += 1
            result[key] = "\n".join(taken).rstrip("\n") + "\n"
        elif rest:
            result[key] = scalar(rest)
        else:
            result[key], at = block(lines, at, indent + 2)
    return result, at


class Runner:
    """outputs: by step id; uses: the steps that are other actions, with what they are given."""

    def __init__(self, action, inputs, folder, env):
        self.action = read(action.read_text())
        self.inputs = {name: given["default"] for name, given in self.action["inputs"].items()} | inputs
        assert set(inputs) <= set(self.action["inputs"])
        self.outputs, self.uses, self.log = {}, [], ""
        self.folder, self.env = folder, env
        self.temp = folder / "runner-temp"
        self.temp.mkdir()
        self.summary = folder / "summary.md"
        self.summary.write_text("")

    def expand(self, text):
        def value(match):
            words = match.group(1).split(".")
            if words[0] == "inputs":
                return self.inputs[words[1]]
            assert words[0] == "steps" and words[2] == "outputs", match.group(0)
            return self.outputs.get(words[1], {}).get(words[3], "")
        return re.sub(r"\$\{\{ *([a-z0-9.-]+) *\}\}", value, text)

    def wanted(self, step):
        if "if" not in step:
            return True
        name, expected = re.fullmatch(r"inputs\.([a-z-]+) == '([a-z]+)'", step["if"]).groups()
        return self.inputs[name] == expected

    def run(self, cwd):
        """The exit code of the job: of the first step that fails."""
        for step in self.action["runs"]["steps"]:
            if not self.wanted(step):
                continue
            if "uses" in step:
                self.uses.append((step["uses"], {key: self.expand(text) for key, text in step["with"].items()}))
                continue
            assert step["shell"] == "bash"
            assert "${{" not in step["run"], "an expression in a script lets inputs be code"
            script, output = self.folder / "step.sh", self.folder / "output"
            script.write_text(step["run"])
            output.write_text("")
            env = {**self.env, "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(self.summary),
                   "RUNNER_TEMP": str(self.temp), "GITHUB_WORKSPACE": str(cwd),
                   **{key: self.expand(text) for key, text in step.get("env", {}).items()}}
            done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)], env=env, cwd=cwd,
                                  capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
            self.log += done.stdout + done.stderr
            self.outputs[step["id"]] = dict(line.split("=", 1) for line in output.read_text().splitlines())
            if done.returncode:
                return done.returncode
        return 0


def environment(home):
    keep = ("PATH", "LANG", "TMPDIR")
    return {**{key: os.environ[key] for key in keep if key in os.environ}, "HOME": str(home)}
