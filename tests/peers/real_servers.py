"""The real servers that start without credentials, each with a harmless call and one that a policy denies.

The calls stay on the machine: where a tool would ask a service on the network, the call lacks an argument, and the
server's own complaint about it is the proof that it ran. A proxy that nobody is behind holds back those that ask first.
"""
import dataclasses
import json

from peers.peer import CACHE, NODE, program

NO_NETWORK = {"HTTP_PROXY": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1"}


@dataclasses.dataclass
class Server:
    """package and bin: what `node` runs, with `arguments` and `env`, where FOLDER is a folder of the test.
    call: a tool and its arguments; `proof` is in what comes back. deny: a tool, arguments, and the conditions under
    which the policy denies it (none: always). modern: it also speaks 2026-07-28. captured: its file in the shared
    tool lists."""
    package: str
    call: tuple
    proof: str
    deny: tuple
    arguments: tuple = ()
    env: dict = dataclasses.field(default_factory=dict)
    bin: str = None
    modern: bool = False
    long: bool = True

    def command(self, folder):
        if self.long:
            manifest = json.loads((CACHE / "servers/node_modules" / self.package / "package.json").read_text())
            bins = manifest["bin"]
            path = CACHE / "servers/node_modules" / self.package / (bins[self.bin] if self.bin else next(iter(bins.values())))
        else:
            path = program(self.package, self.bin)
        return [NODE, str(path), *(word.replace("FOLDER", str(folder)) for word in self.arguments)]

    def variables(self, folder):
        own = {"HOME": str(folder), **NO_NETWORK, **self.env}
        return {name: value.replace("FOLDER", str(folder)) for name, value in own.items()}

    @property
    def captured(self):
        return self.package.lstrip("@").replace("/", "_") + ".json"

    def policy(self):
        tool, _, conditions = self.deny
        return {"version": "1", "default": "allow",
                "tools": {tool: {"deny_if": [{"conditions": conditions, "on_deny": "Not this one."}]}}}

    def missing(self):
        """Why it cannot start here; empty where it can."""
        if self.long and not (CACHE / "servers/node_modules" / self.package).exists():
            return f"{self.package} is not installed: scripts/install-peers servers"
        return ""


MCP = "@modelcontextprotocol/server-"
INSTALLED = {
    "everything": Server(MCP + "everything", ("echo", {"message": "hi"}), "Echo: hi", ("get-env", {}, []), ("stdio",), long=False),
    "filesystem": Server(MCP + "filesystem", ("list_allowed_directories", {}), "Allowed directories",
                         ("move_file", {"source": "a", "destination": "b"}, []), ("FOLDER",), long=False),
    "memory": Server(MCP + "memory", ("read_graph", {}), "entities", ("delete_entities", {"entityNames": ["x"]}, []),
                     env={"MEMORY_FILE_PATH": "FOLDER/memory.jsonl"}, long=False),
    "portkey": Server("portkey-admin-mcp", ("list_all_users", {}), "fetch failed", ("delete_user", {"user_id": "u-1"}, []),
                      env={"PORTKEY_API_KEY": "x", "PORTKEY_BASE_URL": "http://127.0.0.1:1/v1",
                           "PORTKEY_ALLOW_PRIVATE_BASE_URL": "true", "PORTKEY_ALLOW_INSECURE_HTTP": "true"},
                      bin="portkey-admin-mcp", long=False),
}
BROUGHT = {
    "sequential_thinking": Server(
        MCP + "sequential-thinking",
        ("sequentialthinking", {"thought": "one", "nextThoughtNeeded": False, "thoughtNumber": 1, "totalThoughts": 1}),
        "thoughtHistoryLength",
        ("sequentialthinking", {"thought": "many", "nextThoughtNeeded": True, "thoughtNumber": 1, "totalThoughts": 99},
         [{"path": "args.totalThoughts", "op": "gt", "value": 9}])),
    "github": Server(MCP + "github", ("search_repositories", {}), "Required", ("push_files", {}, []),
                     env={"GITHUB_PERSONAL_ACCESS_TOKEN": "x"}),
    "postgres": Server(MCP + "postgres", ("query", {"sql": "select 1"}), "ECONNREFUSED",
                       ("query", {"sql": "drop table x"}, [{"path": "args.sql", "op": "starts_with", "value": "drop"}]),
                       ("postgresql://u:p@127.0.0.1:1/db",)),
    # Both answer without a browser too: that they found none.
    "playwright": Server("@playwright/mcp", ("browser_close", {}), "", ("browser_navigate", {"url": "http://127.0.0.1:1/"}, []),
                         ("--headless", "--isolated")),
    "chrome_devtools": Server("chrome-devtools-mcp", ("list_pages", {}), "", ("navigate_page", {"url": "http://127.0.0.1:1/"}, []),
                              ("--headless", "--isolated", "--no-usage-statistics"), bin="chrome-devtools-mcp"),
    "context7": Server("@upstash/context7-mcp", ("resolve-library-id", {}), "libraryName", ("query-docs", {}, []), modern=True),
    "notion": Server("@notionhq/notion-mcp-server", ("API-get-self", {}), "127.0.0.1:1", ("API-delete-a-block", {"block_id": "x"}, []),
                     env={"NOTION_TOKEN": "ntn_x"}),
    "mongodb": Server("mongodb-mcp-server", ("list-connections", {}), "preconfigured", ("drop-database", {"database": "x"}, []),
                      ("--connectionString", "mongodb://127.0.0.1:1/"), {"MDB_MCP_TELEMETRY": "disabled"}, modern=True),
    "firecrawl": Server("firecrawl-mcp", ("firecrawl_scrape", {}), "validation failed", ("firecrawl_crawl", {}, []),
                        env={"FIRECRAWL_API_KEY": "fc-x"}),
    "tavily": Server("tavily-mcp", ("tavily_search", {}), "Tavily API error", ("tavily_crawl", {}, []), env={"TAVILY_API_KEY": "x"}),
    "kubernetes": Server("mcp-server-kubernetes", ("ping", {}), "content", ("kubectl_delete", {}, [])),
    "desktop_commander": Server("@wonderwhy-er/desktop-commander", ("get_config", {}), "blockedCommands",
                                ("start_process", {"command": "true", "timeout_ms": 1}, []), bin="desktop-commander"),
    "figma": Server("figma-developer-mcp", ("get_figma_data", {}), "Invalid fileKey", ("download_figma_images", {}, []),
                    ("--stdio",), {"FIGMA_API_KEY": "x"}),
    "sentry": Server("@sentry/mcp-server", ("find_projects", {}), "organizationSlug", ("find_organizations", {}, []),
                     ("--access-token=x", "--host=127.0.0.1")),
    "brave_search": Server("@brave/brave-search-mcp-server", ("brave_web_search", {}), "Input validation error",
                           ("brave_news_search", {}, []), ("--transport", "stdio"), {"BRAVE_API_KEY": "x"}),
}
