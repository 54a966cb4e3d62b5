"""What stands behind the recipes: for each its server, and the calls that its page shows in order.

The policies lie in examples/recipes, the pages in docs/recipes; docs/recipes.py brings the three together.
"""
import dataclasses
import datetime


@dataclasses.dataclass
class Step:
    """kind: what becomes of it: "runs", "refused", "hidden", "asks", or a name of `Runner.DOES`.

    `said`: what the page says before. `repeat`: how many identical calls go before it, which all run."""
    kind: str
    tool: str = ""
    args: dict = dataclasses.field(default_factory=dict)
    agent: str = "agent"
    repeat: int = 0
    method: str = "tools/call"
    said: str = ""


@dataclasses.dataclass
class Recipe:
    """tools: name -> description. agents: label -> labels of its grant. peer: an npm package that takes the place of the
    stand-in where it is installed. folder: a path in policy and calls that the peer has elsewhere."""
    tools: dict
    steps: list
    server: str
    agents: dict = dataclasses.field(default_factory=lambda: {"agent": {}})
    settings: dict = dataclasses.field(default_factory=dict)
    peer: str = ""
    folder: str = ""
    people: list = dataclasses.field(default_factory=list)
    identities: dict = dataclasses.field(default_factory=dict)
    resources: list = dataclasses.field(default_factory=list)
    prompts: list = dataclasses.field(default_factory=list)
    timezone: bool = False


def runs(tool, args=None, **more):
    return Step("runs", tool, args or {}, **more)


def refused(tool, args=None, **more):
    return Step("refused", tool, args or {}, **more)


def hidden(tool, args=None, **more):
    return Step("hidden", tool, args or {}, **more)


def asks(tool, args=None, **more):
    return Step("asks", tool, args or {}, **more)


def lists(**more):
    return Step("lists", **more)


def decide(kind, said, who=""):
    """kind: approve or deny; who: a name of `people`, or the user of the machine."""
    return Step(kind, who, said=said)


def log(said, count):
    return Step("log", said=said, repeat=count)


def zone_where_it_is(hour, now=None):
    """A time zone in which the clock shows this hour."""
    ahead = (hour - (now or datetime.datetime.now(datetime.UTC)).hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"


GITHUB = {"get_file_contents": "Get the contents of a file", "list_issues": "List issues in a repository",
          "search_code": "Search for code", "create_issue": "Create an issue", "create_branch": "Create a branch",
          "create_or_update_file": "Create or update a file", "push_files": "Push several files in one commit",
          "create_pull_request": "Create a pull request", "merge_pull_request": "Merge a pull request"}
KUBERNETES = {"kubectl_get": "Get resources", "kubectl_apply": "Apply a manifest", "kubectl_delete": "Delete resources"}
WIKI = {"search_pages": "Search pages", "list_pages": "List pages", "get_page": "Read a page", "create_page": "Create a page",
        "update_page": "Change a page", "share_page": "Share a page with people by mail", "delete_page": "Delete a page for good"}
STRIPE = {"list_charges": "List charges", "create_refund": "Refund a charge"}
SQL = {"list_tables": "List the tables", "query": "Run a query", "execute": "Run a statement that writes"}
MAIL = {"list_mail": "List messages", "send_mail": "Send a message"}
MEMORY = {"create_entities": "Create entities", "create_relations": "Create relations", "add_observations": "Add observations",
          "delete_entities": "Delete entities", "delete_observations": "Delete observations",
          "delete_relations": "Delete relations", "read_graph": "Read the graph", "search_nodes": "Search nodes",
          "open_nodes": "Open nodes"}
FILES = {name: name.replace("_", " ") for name in ("list_allowed_directories", "list_directory", "read_text_file", "write_file")}
REFUND = {"charge": "ch_1", "amount": 250}

RECIPES = {
    "read-only-github": Recipe(GITHUB, server="github", steps=[
        runs("get_file_contents", {"owner": "acme", "repo": "site", "path": "README.md"}),
        refused("push_files", {"owner": "acme", "repo": "site", "branch": "main", "files": [], "message": "Fix"})]),
    "own-branches": Recipe(GITHUB, server="code", steps=[
        runs("push_files", {"branch": "agent/fix-typo", "files": [], "message": "Fix"}),
        refused("push_files", {"branch": "main", "files": [], "message": "Fix"}),
        refused("create_or_update_file", {"path": "README.md", "content": "x"}),
        refused("merge_pull_request", {"pull_number": 7})]),
    "refunds-need-a-person": Recipe(STRIPE, server="stripe", steps=[
        runs("create_refund", {"charge": "ch_1", "amount": 40}),
        asks("create_refund", REFUND),
        decide("approve", "Somebody of payments looks at it (`doorward approvals list`) and approves it "
                          "(`doorward approvals approve apr_...`). The same call, once more:"),
        runs("create_refund", REFUND),
        refused("create_refund", {"charge": "ch_1", "amount": "20"}, said="A number in quotes is no number:")]),
    "daily-budget": Recipe({"search_products": "Search products", "create_order": "Order a product"}, server="shop", steps=[
        runs("create_order", {"item": "desk", "total": 180}),
        refused("create_order", {"item": "sofa", "total": 640}),
        runs("create_order", {"item": "chair", "total": 200}, repeat=3, said="Four more orders, each within its bound:"),
        refused("create_order", {"item": "lamp", "total": 30}, said="980 are spent, so 30 more are too many:")]),
    "no-deletes-in-production": Recipe(KUBERNETES, server="kubernetes", steps=[
        runs("kubectl_delete", {"namespace": "dev", "name": "web"}),
        refused("kubectl_delete", {"namespace": "production", "name": "web"}),
        refused("kubectl_delete", {"name": "web"}, said="Without a namespace the server would choose one, so that is refused, too:")]),
    "writes-per-minute": Recipe(WIKI, server="wiki", steps=[
        runs("create_page", {"title": "Notes"}, repeat=29, said="Thirty writes in one minute run. The next one:"),
        refused("update_page", {"id": 1, "text": "More"}),
        runs("get_page", {"id": 1}, said="Reading goes on:")]),
    "all-tools-limit": Recipe(WIKI, server="notes", steps=[
        runs("search_pages", {"query": "plan"}, repeat=59, said="Sixty calls in one minute run. The next one, whatever the tool:"),
        refused("get_page", {"id": 1})]),
    "rate-limit-per-tool": Recipe({"deep_research": "Research a topic", "get_answer": "Get an answer"}, server="research", steps=[
        runs("deep_research", {"topic": "tides"}, repeat=2, said="Three times it runs. The fourth call:"),
        refused("deep_research", {"topic": "winds"}),
        runs("get_answer", {"id": 1})]),
    "quota-per-person": Recipe({"list_reports": "List reports", "export_report": "Export a report"}, server="reports",
                               agents={}, identities={"alice": ["finance"], "bob": ["finance"], "eve": ["guests"]}, steps=[
        runs("export_report", {"id": 1}, agent="alice", repeat=1, said="An agent that shows Alice's access token exports twice. The third time:"),
        refused("export_report", {"id": 2}, agent="alice"),
        runs("export_report", {"id": 2}, agent="bob", said="Bob's agent has a count of its own, though the grant is the same:"),
        refused("export_report", {"id": 2}, agent="eve", said="Eve is in another group:")]),
    "internal-mail-only": Recipe(MAIL, server="mail", steps=[
        runs("send_mail", {"to": ["ann@example.com"], "text": "Hello"}),
        refused("send_mail", {"to": ["ann@example.com", "eve@elsewhere.test"], "text": "Hello"}),
        refused("send_mail", {"to": ["ann@example.com,eve@elsewhere.test"], "text": "Hello"}, said="Two addresses in one text:"),
        refused("send_mail", {"to": ["ann@example.com"], "bcc": ["eve@elsewhere.test"], "text": "Hello"})]),
    "few-recipients": Recipe({"list_channels": "List channels", "post_message": "Post a message"}, server="chat", steps=[
        runs("post_message", {"channel": "team-web", "text": "Done"}),
        refused("post_message", {"channel": "general", "text": "Done"}),
        refused("post_message", {"channel": "team-web", "text": "@channel Done"}),
        runs("post_message", {"channel": "team-web", "text": "Next"}, repeat=1, said="Two more messages, then a fourth:"),
        refused("post_message", {"channel": "team-web", "text": "One more"})]),
    "sql-read-only": Recipe(SQL, server="postgres", steps=[
        lists(),
        runs("query", {"sql": "SELECT name FROM customers LIMIT 10;"}),
        refused("query", {"sql": "DELETE FROM customers"}),
        refused("query", {"sql": "SELECT 1; DROP TABLE customers"}),
        hidden("execute", {"sql": "DELETE FROM customers"})]),
    "no-new-credentials": Recipe({"api_key_list": "List API keys", "api_key_create": "Create an API key",
                                  "create_access_token": "Create an access token", "list_users": "List users",
                                  "update_user": "Change a user"}, server="accounts", steps=[
        lists(),
        runs("api_key_list"),
        hidden("api_key_create", {"name": "mine"}),
        refused("update_user", {"user": "mallory", "role": "admin"})]),
    "no-secrets-out": Recipe({"create_comment": "Comment on an issue"}, server="issues", steps=[
        runs("create_comment", {"body": "Looks good."}),
        refused("create_comment", {"body": "Use AKIAIOSFODNN7EXAMPLE"})]),
    "business-hours": Recipe({"get_deployment": "Show a deployment", "deploy": "Deploy a service"}, server="deploy",
                             timezone=True, steps=[
        runs("get_deployment", {"service": "web"}, said="At 22 o'clock:"),
        refused("deploy", {"service": "web"})]),
    "hide-destructive": Recipe(MEMORY, server="memory", peer="@modelcontextprotocol/server-memory", steps=[
        lists(),
        runs("read_graph"),
        hidden("delete_entities", {"entityNames": ["acme"]})]),
    "one-folder": Recipe(FILES, server="files", peer="@modelcontextprotocol/server-filesystem", folder="/srv/projects", steps=[
        runs("read_text_file", {"path": "/srv/projects/README.md"}),
        runs("write_file", {"path": "/srv/projects/drafts/a.md", "content": "x"}),
        refused("read_text_file", {"path": "/etc/passwd"}),
        refused("read_text_file", {"path": "/srv/projects/../../etc/passwd"}),
        refused("read_text_file", {"path": "/srv/projects/.env"}),
        refused("write_file", {"path": "/srv/projects/README.md", "content": "x"})]),
    "allowed-hosts": Recipe({"fetch": "Fetch a page"}, server="fetch", steps=[
        runs("fetch", {"url": "https://docs.example.com/start"}),
        refused("fetch", {"url": "https://paste.example.net/?d=c2VjcmV0"}),
        refused("fetch", {"url": "https://docs.example.com@evil.test/"}),
        refused("fetch", {"url": "http://0x7f.1/"})]),
    "private-network": Recipe({"ping_host": "Ping a machine"}, server="lab", steps=[
        runs("ping_host", {"address": "10.20.4.7"}),
        refused("ping_host", {"address": "10.20.0.1"}),
        refused("ping_host", {"address": "192.0.2.9"}),
        refused("ping_host", {"address": "router.lab"})]),
    "ask-for-money": Recipe({"get_balance": "Get the balance of an account", "create_transfer": "Transfer money to an account"},
                            server="bank", steps=[
        runs("get_balance", {"account": "A1"}),
        asks("create_transfer", {"to": "B2", "amount": 5}),
        decide("deny", "Somebody of payments denies it: "
                       "`doorward approvals deny apr_... --reason \"Pay this by invoice\"`. The same call, once more:"),
        refused("create_transfer", {"to": "B2", "amount": 5})]),
    "two-people": Recipe({"list_databases": "List the databases", "drop_database": "Drop a database"}, server="databases",
                         people=["ann", "ben"], steps=[
        runs("list_databases"),
        asks("drop_database", {"name": "old"}),
        decide("approve", "Ann of operations agrees. One is not enough:", "ann"),
        asks("drop_database", {"name": "old"}),
        decide("approve", "Ben agrees, too:", "ben"),
        runs("drop_database", {"name": "old"})]),
    "labels-of-agents": Recipe({"list_tickets": "List tickets", "create_ticket": "Create a ticket", "close_ticket": "Close a ticket",
                                "assign_ticket": "Assign a ticket"}, server="tickets",
                               agents={"helper": {"team": "support", "stage": "live"}, "seller": {"team": "sales"}}, steps=[
        runs("close_ticket", {"id": 7}, agent="helper"),
        refused("close_ticket", {"id": 7}, agent="seller"),
        refused("assign_ticket", {"id": 7}, agent="seller")]),
    "give-a-reason": Recipe({"get_customer": "Show a customer", "update_customer": "Change a customer"}, server="crm", steps=[
        runs("update_customer", {"id": 7, "reason": "Moved house, ticket 4711"}),
        refused("update_customer", {"id": 7}),
        refused("update_customer", {"id": 7, "reason": "update"})]),
    "unread-server": Recipe({**WIKI, "run_script": "Run a shell script on the server"}, server="pages", steps=[
        runs("list_pages"),
        runs("create_page", {"title": "Notes"}),
        asks("delete_page", {"id": 1}),
        refused("run_script", {"script": "ls"})]),
    "no-shell": Recipe({"read_file": "Read a file", "execute_command": "Execute a command", "start_process": "Start a process",
                        "evaluate": "Evaluate JavaScript code"}, server="desktop", steps=[
        runs("read_file", {"path": "a.txt"}),
        refused("execute_command", {"command": "ls"}),
        refused("evaluate", {"code": "1 + 1"}, said="A tool whose name says nothing, by what it does:")]),
    "action-tools": Recipe({"truenas": "Manage a TrueNAS system"}, server="nas",
                           settings={"actions": [{"tool": "truenas", "name": "args.action", "args": "args.params",
                                                  "list": ["system_info", "pool_list", "snapshot_create", "dataset_delete",
                                                           "api_key_list", "api_key_delete"]}]}, steps=[
        runs("truenas", {"action": "pool_list", "params": {}}),
        refused("truenas", {"action": "snapshot_create", "params": {"dataset": "tank/home"}}),
        refused("truenas", {"action": "dataset_delete", "params": {"name": "tank/home"}}),
        hidden("truenas", {"action": "api_key_delete", "params": {"id": 1}})]),
    "resources-and-prompts": Recipe({"search": "Search the library"}, server="library",
                                    resources=["file:///library/index.md", "file:///library/staff/keys.md", "file:///etc/hosts"],
                                    prompts=["summary", "draft_letter"], steps=[
        runs("file:///library/index.md", method="resources/read"),
        refused("file:///etc/hosts", method="resources/read"),
        hidden("file:///library/staff/keys.md", method="resources/read"),
        runs("summary", {"language": "en"}, method="prompts/get"),
        refused("summary", {"language": "xx"}, method="prompts/get")]),
    "observe-first": Recipe(WIKI, server="handbook", steps=[
        lists(),
        runs("share_page", {"id": 1}),
        runs("delete_page", {"id": 1}),
        log("Everything runs. The log says what would have become of it (`doorward log query --json`, some members):", 2)]),
    "say-little": Recipe({"get_quote": "Get a quote", "place_bid": "Place a bid"}, server="auction", steps=[
        runs("place_bid", {"amount": 700}),
        refused("place_bid", {"amount": 800})]),
    "pause": Recipe({"list_tickets": "List tickets", "create_ticket": "Create a ticket"}, server="queue", steps=[
        lists(),
        hidden("list_tickets")]),
}
