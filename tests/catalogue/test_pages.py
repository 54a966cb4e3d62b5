"""The pages of the catalogue through the command line: what must stand on those of four named tools, in every format."""
import html.parser
import json
import re
import unittest

from catalogue import named_tools
from cli.tool import FAILED, USAGE, CommandCase
from harness.gateway import ROOT

PORTKEY = ROOT / ".cache/peers/node_modules/portkey-admin-mcp"
HOSTILE = {"server": "hostile", "tools": [
    {"name": "read_note", "title": "<img src=x onerror=alert(1)>",
     "description": "Read \u202e <script>alert(1)</script> [x](javascript:alert(2)) \u200b**bold** \u001b[31mred",
     "inputSchema": {"type": "object", "properties": {"\"><b>": {"type": "string", "description": "</td><script>"}}}}]}


class Words(html.parser.HTMLParser):
    """The text of a page, and what its tags ask for."""

    def __init__(self, document):
        super().__init__()
        self.text, self.links, self.tags, self.ids, self.titles = [], [], [], [], []
        self.inside = []
        self.feed(document)
        self.text = re.sub(r"\s+", " ", "".join(self.text))

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        attributes = dict(attributes)
        self.links += [attributes[key] for key in ("href", "src") if key in attributes]
        self.ids += [attributes["id"]] if "id" in attributes else []
        if tag in ("p", "li", "td", "th", "dd", "dt", "h1", "h2", "h3", "tr"):
            self.text.append(" ")

    def handle_data(self, data):
        self.text.append(data)


@unittest.skipUnless(named_tools.THERE, "../shared/data is absent")
class Named(CommandCase):
    """Each element of the four published pages, on ours."""

    def setUp(self):
        super().setUp()
        named_tools.fill(self.folder, self.state)
        self.tools = {(tool["server"], tool["name"]): tool for tool in json.loads(named_tools.NAMED.read_text())}
        self.counts = {document["server"]: len(document["tools"]) for document in named_tools.lists().values()}

    def page(self, slug, name, server, says):
        """What every tool's page must say, in the terminal, as Markdown, as HTML and as JSON."""
        tool = self.tools[server, name]
        record = self.json("catalogue", "show", slug, name)
        self.assertEqual(record["schema"], "doorward.page.tool/1")
        self.assertEqual(record["category"], tool["published"]["category"])
        self.assertEqual(record["category_severity"], tool["published"]["severity"])
        count = self.counts[server]
        self.assertEqual(record["server"]["tool_count"], count)
        rule = json.dumps(record["recommendation"]["policy"])
        self.assertIn(name, rule)
        if tool["published"]["severity"] == "critical":
            self.assertEqual(record["recommendation"]["policy"]["hide"], [name])
        words = [name, tool["description"].split(". ")[0], record["category"], record["severity"], server,
                 "What it does", "What an agent uses it for", "Why it needs a policy", "Parameters", "Output schema",
                 "Annotations", "Risk signals", "Attacks that abuse this kind of access", "Recommended policy",
                 "Apply it in three steps", "doorward server add", "doorward policy add", "doorward grant create",
                 "Rate-limit it", f"{name}_rate", "Block it completely", '"hide"', "Related tools", "Where it is defined",
                 f"What does {name} do?", f"How do I enforce a policy on {name}?", f"What risk level is {name}?",
                 f"Can I rate-limit {name}?", f"How do I block {name} completely?", f"Which server provides {name}?",
                 f"How many tools does {server} have?", f"{count} tools", "Definition hash",
                 record["definition"]["sha256"], *says, *(attack["name"] for attack in record["attacks"])]
        self.assertTrue(record["attacks"])
        page = Words(self.run_command("catalogue", "show", slug, name, "--html")[0])
        shown = {"html": page.text, "terminal": self.run_command("catalogue", "show", slug, name)[0],
                 "markdown": self.run_command("catalogue", "show", f"{slug}/{name}", "--md")[0]}
        for format, text in shown.items():
            text = re.sub(r"[\s|`*>\\]+", " ", text)
            for word in words:
                with self.subTest(format, word=word):
                    self.assertIn(re.sub(r"[\s|`*>\\]+", " ", word), text)
            for verdict in ("is safe", "safe to"):
                self.assertNotIn(verdict, text)
        return record

    def test_api_key_delete_of_truenas(self):
        record = self.page("truenas", "api_key_delete", "Truenas", [
            "279 tools", "Use api_key_list to find the ID", "This immediately revokes access for anyone using that key.",
            "An agent calls api_key_delete when it is to delete an API key by its numeric ID"])
        self.assertIn("api_key_list", [tool["name"] for tool in record["related"]])

    def test_api_key_create_of_truenas(self):
        record = self.page("truenas", "api_key_create", "Truenas", [
            "279 tools", "store it securely as it cannot be retrieved later"])
        # Published as Write, medium; who can make keys can do more than write.
        self.assertIn(record["severity"], ("high", "critical"))
        self.assertIn("api_key_delete", [tool["name"] for tool in record["related"]])

    def test_delete_api_key_of_portkey_admin(self):
        if PORTKEY.exists():
            found = self.json("catalogue", "locate", "portkey-admin", "--package", PORTKEY)
            self.assertGreater(found["found"], 0.9 * found["tools"])
        record = self.page("portkey-admin", "delete_api_key", "Portkey Admin", [
            "This cannot be undone, revokes access immediately, and can break active sessions using the key.",
            "The UUID of the API key to delete", "Structured success payload when ok is true",
            "npx -y portkey-admin-mcp@0.12.0"])
        self.assertEqual([(one["name"], one["type"], one["required"]) for one in record["parameters"]], [("id", "string", True)])
        self.assertEqual(record["output_schema"]["required"], ["ok"])
        if not PORTKEY.exists():
            self.skipTest("portkey-admin-mcp is not installed; scripts/install-peers brings it")
        self.check_places(record)

    def check_places(self, record):
        """Each place found holds what it is said to hold, read from the package itself."""
        places = {place["role"]: place for place in record["implementation"]["places"]}
        self.assertEqual(places.keys(), {"registration", "schema", "handler", "service"})
        self.assertEqual(record["implementation"]["package"]["version"], "0.12.0")
        said = {"registration": '"delete_api_key"', "schema": "The UUID of the API key to delete",
                "handler": "service.keys.deleteApiKey(params.id)", "service": "async deleteApiKey(id)"}
        for role, place in places.items():
            lines = (PORTKEY / place["file"]).read_text().splitlines()[place["first"] - 1:place["last"]]
            self.assertIn(said[role], "\n".join(lines))
            self.assertLess(len(lines), 20)
        # The files of the published page, as the bundle names them.
        self.assertEqual([places[role]["built_from"]["file"] for role in said],
                         ["src/tools/keys.tools.ts"] * 3 + ["src/services/keys.service.ts"])
        text = self.run_command("catalogue", "show", "portkey-admin", "delete_api_key")[0]
        for place in places.values():
            self.assertIn(f"{place['first']}-{place['last']}", text)

    def test_delete_api_key_of_the_governance_platform(self):
        record = self.page("governance-platform", "delete_api_key", "Governance Platform", [
            "31 tools", "agents using the deleted key will receive auth errors immediately",
            "Either the full API key string OR the key_id from list_api_keys", "Must be true to actually delete",
            "is no person's consent", "The server runs elsewhere"])
        self.assertEqual({one["name"]: one["required"] for one in record["parameters"]},
                         {"api_key": True, "key_to_delete": True, "confirm": False})
        self.assertIn("handles-secrets", [signal["signal"] for signal in record["signals"]])
        self.assertIn("preview", json.dumps(record))

    def test_every_rule_of_a_page_is_a_policy(self):
        for slug, name in (("truenas", "api_key_create"), ("portkey-admin", "delete_api_key")):
            rules = self.json("catalogue", "show", slug, name)["recommendation"]
            for kind in ("policy", "published", "rate_limit", "block"):
                self.run_command("policy", "validate", self.write(f"{kind}.json", json.dumps(rules[kind])))

    def test_a_name_alone(self):
        self.assertIn("Tool of Truenas", self.run_command("catalogue", "show", "api_key_create")[0])
        err = self.run_command("catalogue", "show", "delete_api_key", code=FAILED)[1]
        self.assertIn("portkey-admin", err)
        self.assertIn("governance-platform", err)
        self.assertIn("did you mean", self.run_command("catalogue", "show", "api_key_creat", code=FAILED)[1])

    def test_server_stack_and_attack(self):
        server = self.json("catalogue", "server", "portkey-admin")
        self.assertEqual(server["tool_count"], self.counts["Portkey Admin"])
        self.assertEqual({len(server["tools"]), sum(server["by_category"].values())}, {self.counts["Portkey Admin"]})
        severities = ["critical", "high", "medium", "low"]
        ranks = [severities.index(tool["severity"]) for tool in server["tools"]]
        self.assertEqual(ranks, sorted(ranks))
        text = self.run_command("catalogue", "server", "Portkey Admin")[0]
        for words in ("Suggested policy for the whole server", "What its definitions cost", "of a window of 200,000 tokens",
                      "Change history", "Private data, untrusted content and a way out", "delete_api_key"):
            self.assertIn(words, re.sub(r"\s+", " ", text))

        stack = self.json("catalogue", "stack", "truenas", "portkey-admin", "governance-platform")
        self.assertEqual(stack["tools"], sum(self.counts.values()))
        self.assertTrue(any({tool["name"] for tool in clash["tools"]} == {"delete_api_key"} for clash in stack["clashes"]))
        self.assertIn("Names that clash", self.run_command("catalogue", "stack", "truenas", "portkey-admin")[0])

        patterns = self.json("catalogue", "attacks")["attacks"]
        self.assertGreaterEqual(len(patterns), 18)
        one = self.json("catalogue", "attacks", "destructive-action-autonomy")
        self.assertIn("delete_api_key", [tool["name"] for tool in one["open"]["tools"]])
        self.assertTrue(one["incidents"] and one["frameworks"])
        self.run_command("catalogue", "attacks", "no-such-pattern", code=FAILED)

    def test_formats_exclude_each_other(self):
        self.run_command("catalogue", "show", "api_key_create", "--md", "--html", code=USAGE)


class Hostile(CommandCase):
    def setUp(self):
        super().setUp()
        self.run_command("catalogue", "import", self.write("hostile.json", HOSTILE))

    def test_nothing_of_a_source_is_markup_or_hidden(self):
        name = HOSTILE["tools"][0]["name"]
        page = self.run_command("catalogue", "show", "hostile", name, "--html")[0]
        words = Words(page)
        self.assertNotIn("script", words.tags)
        self.assertNotIn("img", words.tags)
        self.assertFalse([link for link in words.links if link.lower().startswith("javascript")])
        self.assertIn("U+202E", words.text)
        self.assertIn("U+200B", words.text)
        text = self.run_command("catalogue", "show", "hostile", name)[0]
        markdown = self.run_command("catalogue", "show", "hostile", name, "--md")[0]
        for shown in (page, text, markdown):
            self.assertFalse(re.search("[\u202e\u200b\u001b]", shown))
        self.assertFalse(re.search(r"(?<!\\)\]\(javascript", markdown))


class Site(CommandCase):
    def setUp(self):
        super().setUp()
        for server in ("one", "two"):
            tools = [{"name": f"{verb}_{thing}", "description": f"{verb.capitalize()} a {thing}."}
                     for verb in ("read", "delete") for thing in ("note", "Label")]
            self.run_command("catalogue", "import", self.write(f"{server}.json", {"server": server, "tools": tools}))
        self.site = self.folder / "site"

    def files(self):
        return {str(path.relative_to(self.site)) for path in self.site.rglob("*") if path.is_file()}

    def test_every_link_leads_somewhere(self):
        report = self.json("catalogue", "site", self.site, "--base-url", "https://example.org/catalogue/")
        self.assertEqual((report["servers"], report["tools"]), (2, 8))
        pages = {self.site / name: Words((self.site / name).read_text()) for name in self.files() if name.endswith(".html")}
        self.assertEqual(len(pages), report["pages"])
        for path, words in pages.items():
            text = path.read_text()
            self.assertIn(f'<link rel="canonical" href="https://example.org/catalogue/{path.relative_to(self.site)}">', text)
            self.assertIn('<meta name="description" content="', text)
            self.assertEqual(len(words.ids), len(set(words.ids)), path)
            for link in words.links:
                if link.startswith(("https://", "http://")):
                    continue
                target, _, anchor = link.partition("#")
                if target:
                    self.assertTrue((path.parent / target).resolve().is_file(), f"{path}: {link}")
                else:
                    self.assertIn(anchor, words.ids)

    def test_an_earlier_run_is_tidied_and_nothing_else(self):
        self.run_command("catalogue", "site", self.site)
        (self.site / "servers/two/mine.html").write_text("mine")
        before = self.files()
        self.assertIn("servers/two/read_note.html", before)
        report = self.json("catalogue", "site", self.site, "--server", "one")
        self.assertEqual((report["servers"], report["tools"]), (1, 4))
        after = self.files()
        self.assertIn("servers/two/mine.html", after)
        self.assertNotIn("servers/two/read_note.html", after)
        self.assertEqual(report["removed"], len(before - after))

    def test_a_manifest_of_somebody_else_stops_it(self):
        self.site.mkdir()
        (self.site / "doorward-site.json").write_text("[]")
        self.assertIn("doorward-site.json", self.run_command("catalogue", "site", self.site, code=FAILED)[1])
        (self.site / "doorward-site.json").write_text(
            json.dumps({"schema": "doorward.catalogue.site/1", "files": ["../outside", "/etc/passwd", "gone.html"]}))
        outside = self.write("outside", "kept")
        self.run_command("catalogue", "site", self.site)
        self.assertTrue(outside.exists())

    def test_the_stack_of_the_servers_named(self):
        self.run_command("catalogue", "site", self.site, "--server", "one", "--server", "two")
        self.assertIn("stacks/one+two.html", self.files())
        index = json.loads((self.site / "search.json").read_text())
        self.assertEqual(len(index["servers"]), 2)
        self.assertEqual(len(index["tools"]), 8)
        for row in index["tools"]:
            self.assertTrue((self.site / row[2]).is_file())


if __name__ == "__main__":
    unittest.main()
