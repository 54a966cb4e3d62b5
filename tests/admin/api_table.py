"""Writes the list of routes of docs/api.md from the OpenAPI document of a gateway.

cd tests && DOORWARD_BUILD=../build python3 -m admin.api_table
"""
from harness.api import bootstrap, document_of, operations_of
from harness.gateway import ROOT, Gateway

BEGIN, END = "<!-- generated: python3 -m admin.api_table -->\n", "<!-- end -->\n"


def members_of(operation):
    """`a`, [`b`]: by where they come from, optional ones in brackets."""
    named = [(p["name"], p["required"]) for p in operation["parameters"] if p["in"] == "query"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    named += [(name, name in body.get("required", [])) for name in body.get("properties", {})]
    texts = [f"`{name}`" if required else f"[`{name}`]" for name, required in named]
    return ", ".join(texts)


def written(document):
    """The list of routes, by subject."""
    out, subject = [BEGIN], None
    for verb, path, operation in sorted(operations_of(document), key=lambda one: one[2]["tags"]):
        if operation["tags"][0] != subject:
            subject = operation["tags"][0]
            out.append(f"\n### {subject}\n\n| Route | What | Members (optional in brackets) |\n|---|---|---|\n")
        out.append(f"| `{verb} {path}` | {operation['summary']} | {members_of(operation)} |\n")
    return "".join(out) + END


def main():
    with Gateway({}) as gateway:
        text = written(document_of(bootstrap(gateway)))
    path = ROOT / "docs/api.md"
    old = path.read_text()
    path.write_text(old[:old.index(BEGIN)] + text + old[old.index(END) + len(END):])


if __name__ == "__main__":
    main()
