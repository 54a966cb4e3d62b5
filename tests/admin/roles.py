"""The matrix of roles and routes in docs/roles.md, made of the gateway's own OpenAPI document.

    cd tests && python3 -m admin.roles      writes it anew
"""
from admin.person import Person, add_user, admin_port, make_gateway, make_token
from harness.gateway import ROOT

ROLES = ["viewer", "auditor", "approver", "policy_manager", "admin"]
FILE = ROOT / "docs" / "roles.md"
BEGIN, END = "<!-- matrix -->\n", "<!-- end of the matrix -->\n"


def routes_of(document):
    """(verb, path, roles, anonymous) of every route; roles None: whoever is signed in."""
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            yield verb.upper(), path, operation


def matrix(document):
    lines = ["| Route | Operation | " + " | ".join(ROLES) + " |", "|---|---|" + "---|" * len(ROLES)]
    for verb, path, operation in sorted(routes_of(document), key=lambda route: (route[1], route[0])):
        roles = operation["x-roles"]
        cells = ["anyone"] * len(ROLES) if operation.get("security") == [] else ["yes" if role in roles else "" for role in ROLES]
        lines.append(f"| `{verb} {path}` | {operation['operationId']} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def written():
    return FILE.read_text().split(BEGIN)[1].split(END)[0]


def main():
    gateway = make_gateway()
    try:
        add_user(gateway, "root", "admin")
        document = Person(admin_port(gateway), make_token(gateway, "root")).ask("GET", "/api/v1/openapi.json").json
    finally:
        gateway.close()
    before, rest = FILE.read_text().split(BEGIN)
    FILE.write_text(before + BEGIN + matrix(document) + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
