"""Which test covers which P0 row of the attack cases: `python3 -m attack.census` (in tests/) writes coverage.md."""
import ast
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent

# The P0 rows of the sections that one process with HTTP and stdio can meet, as the list of attack cases has them.
P0 = {
    "A": "T001 T002 T003 T006 T007 T008 T009 T011 T012 T013 T014 T015 T016 T017 T018 T019 T020 T023 T025 T026 T028",
    "B": "T030 T031 T032 T034 T036 T037 T038 T039 T040 T041 T042 T046",
    "C": "T051 T054 T055 T056 T058 T060 T061 T068",
    "D": "T069 T070 T071 T072 T074 T075 T077 T079 T082 T083 T086 T089 T090 T093",
    "E": "T096 T099 T100 T102 T103",
    "F": "T107 T108 T110 T111 T115 T124",
    "G": "T128 T129 T132 T133 T134 T136 T139 T141 T142 T143 T144 T145 T146 T153 T154 T156",
    "H": "T157 T158 T159 T160 T162 T164 T166 T167 T168 T174 T176 T178",
    "I": "T183 T184 T187 T193 T194 T195 T196",
    "J": "T201 T203 T204 T205 T207 T210 T211 T212 T215 T217 T221 T222 T223 T224 T226 T230 T231",
    "K": "T234 T235 T236 T238 T240 T241 T242 T243 T244 T245 T247 T251 T252",
    "L": "T253 T254 T258 T261 T263 T264 T265 T266 T267",
    "M": "T272 T274 T275 T277 T278 T279 T280 T282 T285 T287 T289",
    "N": "T293 T294 T295 T296 T298",
    "O": "T301 T303 T304 T305 T307",
    "P": "T308 T309 T310 T311 T312 T314 T315 T317 T318",
}
TITLES = {"A": "JSON text", "B": "JSON-RPC envelope", "C": "Mirrored headers and era", "D": "HTTP framing, targets, headers",
          "E": "Content type, coding, size, slowness", "F": "Event streams and results",
          "G": "Tool identity, bundles, pinning", "H": "Argument conditions", "I": "Resources, prompts, tasks, rounds",
          "J": "Identity, tokens, sessions",
          "K": "Upstream, SSRF, secret injection",
          "L": "stdio children",
          "M": "Admin API",
          "N": "Quotas",
          "O": "Approvals",
          "P": "Audit"}
# Rows, or parts of rows, that need what the gateway does not have yet.
WAITS = {
    "T277": "the page with the approve button comes with the console; every answer forbids frames already (T280)",
    "T279": "pages that show such texts come with the console",
}
PARTS = {
    "T007": "claims: T207; admin bodies wait for that part",
    "T031": "the batches that 2025-03-26 has, split and judged member by member: protocol/test_batch.py",
    "T293": "replicas on shared stores wait for those stores",
    "T294": "clock steps are tested on the simulated clock of src/quota",
    "T295": "the rows of approvals: protocol.test_approvals.Held.test_limits_without_room_give_the_approval_back and its neighbours",
    "T303": "lost roles, other groups and agents' credentials: src/approval/decide_test.cpp",
    "T304": "links opened by GET and chat previews wait for the console",
    "T295": "approval, retry and task rows of the refund table wait for those features",
}


def tests():
    """Row -> names of the tests called after it: here, among those of the protocol, the control plane and the commands, beside the log's code."""
    found = {}
    for file in sorted((HERE.parent.parent / "src" / "audit").glob("*_test.cpp")):
        for suite, row, name in re.findall(r"^TEST(?:_F)?\((\w+), (T\d{3})_?(\w*)\)", file.read_text(), re.M):
            found.setdefault(row, []).append(f"src/audit {suite}.{row}_{name}")
    for file in [*sorted(HERE.glob("test_*.py")), *sorted(HERE.parent.glob("protocol/test_*.py")),
                 *sorted(HERE.parent.glob("admin/test_*.py")), *sorted(HERE.parent.glob("cli/test_*.py"))]:
        module = file.stem if file.parent == HERE else f"{file.parent.name}.{file.stem}"
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.ClassDef):
                for item in node.body:
                    if isinstance(item, ast.FunctionDef) and (match := re.match(r"test_((?:T\d{3}_)+)", item.name)):
                        for row in match[1].split("_")[:-1]:
                            found.setdefault(row, []).append(f"{module}.{node.name}.{item.name}")
    return found


def text():
    covered = tests()
    lines = ["# P0 rows of the attack cases and the tests that hold them", "",
             "Written by `python3 -m attack.census` from the names of the tests; a test fails when it is out of date.", ""]
    for section, rows in P0.items():
        lines += [f"## {section}. {TITLES[section]}", "", "| Row | Test | Note |", "|---|---|---|"]
        for row in rows.split():
            names = "<br>".join(f"`{name}`" for name in covered.get(row, [])) or "waits"
            lines.append(f"| {row} | {names} | {WAITS.get(row) or PARTS.get(row, '')} |")
        lines.append("")
    others = sorted(set(covered) - {row for rows in P0.values() for row in rows.split()})
    lines += ["## Rows of lower priority that have a test already", "", ", ".join(others), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    (HERE / "coverage.md").write_text(text())
