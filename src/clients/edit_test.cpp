#include "clients/edit.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "clients/config_file.h"
#include "clients/shim_entry.h"

namespace doorward::clients {
namespace {

bool starts_shim(const Entry& entry, const Shim& shim) {
  return is_managed(entry) && entry.command == shim.program && entry.args == shim.args;
}

/// A realistic file of one client, with an entry to put Doorward before.
struct Sample {
  const char* client;
  std::size_t location;
  const char* entry;
  const char* text;
};

const Sample kSamples[] = {
    {"claude-desktop", 0, "github", R"({
  "globalShortcut": "",
  "mcpServers": {
    "github": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-github"],
      "env": {
        "GITHUB_PERSONAL_ACCESS_TOKEN": "ghp_000000000000000000000000000000000000"
      }
    },
    "files": { "command": "npx", "args": ["-y", "files-mcp"] }
  }
}
)"},
    {"claude-desktop", 0, "files", "{\"mcpServers\":{\"files\":{\"command\":\"npx\",\"args\":[\"-y\",\"files-mcp\"]}}}"},
    {"claude-code", 0, "sentry", R"({
  "numStartups": 12,
  "mcpServers": {
    "sentry": {"type": "http", "url": "https://mcp.sentry.dev/mcp", "headers": {"Authorization": "Bearer ${TOKEN}"}}
  },
  "projects": {"/srv/shop": {"history": [{"display": "a \"quoted\" // thing"}], "mcpServers": {}}}
}
)"},
    {"cursor", 0, "zwölf", R"({
	"mcpServers": {
		"zwölf": {
			"url": "https://mcp.example.com/mcp" // the remote one
		}, // not the last
	}
}
)"},
    {"vscode", 0, "files", R"({
  // asked once
  "inputs": [{"type": "promptString", "id": "key", "password": true},],
  "servers": {
    /* two of them */
    "files": {
      "type": "stdio",
      "command": "npx", // by npm
      "args": ["-y", "files-mcp"],
      "env": {"KEY": "${input:key}"},
    },
    "web": {"type": "http", "url": "https://web.example/mcp"},
  },
}
)"},
    {"codex", 0, "docs", R"(model = "o4"
# kept
[mcp_servers.docs]
command = "npx"   # by npm
args = [
  "-y",   # yes
  "docs-mcp@1.2.3",
]
env = { "API_KEY" = "v" }
env_vars = ["HOME"]

# the next one
[mcp_servers.figma]
url = "https://mcp.figma.com/mcp"
bearer_token_env_var = "FIGMA_TOKEN"
enabled = false

[tools]
web_search = true
)"},
    {"codex", 0, "figma", R"([mcp_servers.figma]
url = "https://mcp.figma.com/mcp"

[mcp_servers.figma.http_headers]
X-Team = "a" # the team

[mcp_servers.figma.env]
A = 'b' # last
)"},
    {"codex", 0, "a", "[mcp_servers]\na.command = \"x\"\na.args = [\"1\"]\nb = { command = \"y\" }\n"},
    {"codex", 0, "b", "[mcp_servers]\na.command = \"x\"\nb = { command = \"y\", args = [\"}\", \"#\"] } # note\n"},
    {"zed", 0, "b", R"({"theme": "x", /* c */ "context_servers": {"a": {"source": "custom", "command": "a", "args": ["1"]},
     "b": {"command": {"path": "b", "args": ["2"], "env": {"X": "y"}}, "settings": {}}}})"},
    {"opencode", 0, "l", R"({"$schema": "https://opencode.ai/config.json", "mcp": {"l": {"type": "local", "command": ["bun", "x", "my"],
     "environment": {"A": "b"}, "enabled": true}, "r": {"type": "remote", "url": "https://x.example/mcp"}}})"},
    {"opencode", 0, "r", R"({"mcp": {"r": {"type": "remote", "url": "https://x.example/mcp", "enabled": true}}})"},
    {"goose", 0, "gh", R"(GOOSE_MODEL: x
extensions:
  developer:
    type: builtin
    enabled: true
  # from the team
  gh:
    type: stdio
    cmd: npx        # by npm
    args: [-y, gh-mcp]
    envs: {A: b}
    env_keys: [TOKEN]
    enabled: true
    timeout: 300

# the end
other: 1
)"},
    {"goose", 0, "web", "extensions:\n  web:\n    type: streamable_http\n    uri: https://web.example/mcp\n    headers:\n      A: b\n    enabled: true"},
    {"continue", 0, "db", "name: x\nmcpServers:\n  - name: db\n    command: uvx\n    args:\n    - db\n    env:\n      A: b # c\n  - name: web\n    url: https://web.example/mcp\n"},
    {"continue", 0, "web", "name: x\nmcpServers:\n- url: https://web.example/mcp\n  name: web\n"},
    {"amp", 0, "m", "{\n    \"amp.mcpServers\": {\n        \"m\": {\n            \"command\": \"m\"\n        }\n    },\n    \"amp.x\": 1\n}"},
};

const Client& client_of(const Sample& sample) {
  return *find_client(sample.client);
}
const Location& location_of(const Sample& sample) {
  return client_of(sample).locations[sample.location];
}

ConfigFile read(const Sample& sample, std::string_view text) {
  return read_config_text(text, &client_of(sample), &location_of(sample), "file");
}

const Entry* entry_in(const ConfigFile& file, std::string_view name) {
  const auto found = std::ranges::find(file.entries, name, &Entry::name);
  return found == file.entries.end() ? nullptr : &*found;
}

std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

std::vector<std::string> forms_of(std::string_view text) {
  return {std::string(text), with_crlf(text), "\xEF\xBB\xBF" + std::string(text)};
}

const Shim kShim{"/opt/my tools/doorward", {"connect", "github", "--client", "x"}, {}, {}, {}};

void expect_same(const Entry& a, const Entry& b) {
  EXPECT_EQ(a.command, b.command) << a.name;
  EXPECT_EQ(a.args, b.args) << a.name;
  EXPECT_EQ(a.url, b.url) << a.name;
  EXPECT_EQ(a.env.size(), b.env.size()) << a.name;
}

TEST(Edit, an_entry_starts_the_shim_and_nothing_else_changes) {
  for (const Sample& sample : kSamples) {
    for (const std::string& text : forms_of(sample.text)) {
      SCOPED_TRACE(text);
      const ConfigFile before = read(sample, text);
      const Format format = location_of(sample).format;
      const Entry* entry = entry_in(before, sample.entry);
      ASSERT_NE(entry, nullptr) << before.error;
      EXPECT_LT(entry->begin, entry->end);
      const auto path = entry_path(text, format, client_of(sample), location_of(sample), *entry);
      ASSERT_TRUE(path.has_value());
      const auto original = bytes_of(text, format, *path);
      ASSERT_TRUE(original.has_value()) << original.error().message;
      EXPECT_EQ(*original, text.substr(entry->begin, entry->end - entry->begin));

      const auto after = put_shim(text, format, client_of(sample), *path, kShim);
      ASSERT_TRUE(after.has_value()) << after.error().message;
      const ConfigFile now = read(sample, *after);
      ASSERT_EQ(now.entries.size(), before.entries.size()) << *after;
      for (std::size_t i = 0; i < now.entries.size(); ++i) {
        if (now.entries[i].name != sample.entry) expect_same(now.entries[i], before.entries[i]);
      }
      const Entry* ours = entry_in(now, sample.entry);
      ASSERT_NE(ours, nullptr);
      EXPECT_TRUE(starts_shim(*ours, kShim)) << *after;
      EXPECT_EQ(ours->env.size(), entry->env.size() + 1);
      EXPECT_EQ(ours->url, "");
      // Only the entry's bytes change.
      EXPECT_EQ(after->substr(0, ours->begin), text.substr(0, entry->begin));
      EXPECT_EQ(after->substr(ours->end), text.substr(entry->end));

      const auto restored = replace_bytes(*after, format, *path, *original);
      ASSERT_TRUE(restored.has_value()) << restored.error().message << *after;
      EXPECT_EQ(*restored, text);
    }
  }
}

TEST(Edit, an_entry_that_is_added_and_taken_away_leaves_no_trace) {
  for (const Sample& sample : kSamples) {
    for (const std::string& text : forms_of(sample.text)) {
      const Format format = location_of(sample).format;
      const auto with = add_shim(text, client_of(sample), location_of(sample), "new one", kShim);
      ASSERT_TRUE(with.has_value()) << sample.client << with.error().message << text;
      const ConfigFile now = read(sample, *with);
      const Entry* entry = entry_in(now, "new one");
      ASSERT_NE(entry, nullptr) << *with;
      EXPECT_TRUE(starts_shim(*entry, kShim)) << *with;
      const auto path = entry_path(*with, format, client_of(sample), location_of(sample), *entry);
      ASSERT_TRUE(path.has_value());
      KeyPath servers = *path;
      servers.pop_back();
      const auto without = edit_object(*with, format, servers, {{"new one"}, {}});
      ASSERT_TRUE(without.has_value()) << without.error().message << *with;
      EXPECT_EQ(*without, text) << *with;
    }
  }
}

TEST(Edit, an_empty_file_becomes_one) {
  for (const Client& client : all_clients()) {
    for (const Location& location : client.locations) {
      for (const std::string_view text : {"", "\xEF\xBB\xBF", "\n"}) {
        const auto with = add_shim(text, client, location, "demo", kShim);
        ASSERT_TRUE(with.has_value()) << client.id << with.error().message;
        const ConfigFile file = read_config_text(*with, &client, &location, "file");
        ASSERT_EQ(file.entries.size(), 1u) << client.id << *with << file.error;
        EXPECT_TRUE(starts_shim(file.entries[0], kShim)) << *with;
      }
    }
  }
}

TEST(Edit, a_file_without_the_key_gets_it) {
  const Client& cursor = *find_client("cursor");
  const auto with = add_shim("{\n  \"a\": 1 // one\n}\n", cursor, cursor.locations[0], "demo", {"d", {"connect"}, {}, {}, {}});
  ASSERT_TRUE(with.has_value());
  EXPECT_EQ(*with,
            "{\n  \"a\": 1, // one\n  \"mcpServers\": {\n    \"demo\": {\n      \"command\": \"d\",\n      \"args\": [\"connect\"],\n"
            "      \"env\": {\n        \"DOORWARD_MANAGED\": \"1\"\n      }\n    }\n  }\n}\n");
  const Client& goose = *find_client("goose");
  for (const std::string_view text : {"a: 1\n", "a: 1\nextensions:\n", "a: 1\nextensions: {}\n", "# only a remark\n"}) {
    const auto added = add_shim(text, goose, goose.locations[0], "demo", kShim);
    ASSERT_TRUE(added.has_value()) << text << added.error().message;
  }
}

TEST(Edit, what_a_person_wrote_into_the_entry_stays) {
  const Sample& sample = kSamples[4];
  const auto after = put_shim(sample.text, Format::jsonc, client_of(sample), {"servers", "files"}, kShim);
  ASSERT_TRUE(after.has_value());
  EXPECT_NE(after->find("// by npm"), std::string::npos) << *after;
  EXPECT_NE(after->find("\"KEY\": \"${input:key}\", \"DOORWARD_MANAGED\": \"1\""), std::string::npos) << *after;
}

TEST(Edit, of_equal_names_the_last_one_is_edited) {
  constexpr std::string_view text = R"({"mcpServers": {"a": {"command": "one"}, "a": {"command": "two"}}})";
  const auto after = put_shim(text, Format::jsonc, *find_client("cursor"), {"mcpServers", "a"}, kShim);
  // The first one is passed over by clients, and by us.
  ASSERT_TRUE(after.has_value()) << after.error().message;
  EXPECT_NE(after->find("\"one\""), std::string::npos);
  EXPECT_EQ(after->find("\"two\""), std::string::npos);
}

TEST(Edit, what_cannot_be_edited_in_place_is_refused) {
  const Client& goose = *find_client("goose");
  constexpr std::string_view aliased = "base: &b {cmd: npx, args: [a]}\nextensions:\n  x: *b\n";
  EXPECT_FALSE(put_shim(aliased, Format::yaml, goose, {"extensions", "x"}, kShim).has_value());
  constexpr std::string_view spread = "[mcp_servers]\na.command = \"x\"\nb.command = \"y\"\na.args = [\"1\"]\n";
  EXPECT_FALSE(bytes_of(spread, Format::toml, {"mcp_servers", "a"}).has_value());
  EXPECT_FALSE(edit_object("{", Format::jsonc, {"mcpServers"}, {{}, {text_member("a", "b")}}).has_value());
  EXPECT_FALSE(put_shim("{\"mcpServers\": {\"a\": 1}}", Format::jsonc, *find_client("cursor"), {"mcpServers", "a"}, kShim).has_value());
  EXPECT_FALSE(add_shim("{\"mcpServers\": 7}", *find_client("cursor"), find_client("cursor")->locations[0], "a", kShim).has_value());
}

/// JSON with comments, odd white space and trailing commas, whose keys are a, b, c ...
std::string random_object(int depth) {
  const auto gap = [] {
    return std::string(*rc::gen::element<const char*>("", " ", "\n", "\r\n  ", "/* , } */", "// ] \" \n", "\t"));
  };
  const int size = *rc::gen::inRange(0, 4);
  std::string out = "{" + gap();
  for (int i = 0; i < size; ++i) {
    out += std::string("\"") + static_cast<char>('a' + i) + "\"" + gap() + ":" + gap();
    out += depth > 0 ? random_object(depth - 1) : *rc::gen::element<std::string>("1", "\"x // y\"", "[1, [2],]", "null", "\"\\\"\\u00e4\"");
    out += gap() + (i + 1 < size ? "," : *rc::gen::element<std::string>("", ",")) + gap();
  }
  return out + "}";
}

RC_GTEST_PROP(Edit, changes_of_any_jsonc_say_what_was_meant, ()) {
  const std::string text = random_object(2);
  const auto before = read_tree(text, Format::jsonc);
  RC_ASSERT(before.has_value());
  const std::vector<KeyPath> objects = {{}, {"a"}, {"a", "b"}, {"c", "z"}};
  const KeyPath object = *rc::gen::elementOf(objects);
  Change change;
  change.drop = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>("a", "b", "c"));
  for (const std::string key : {"b", "m"}) {
    const int kind = *rc::gen::inRange(0, 4);
    if (kind == 1) change.put.push_back(text_member(key, "new"));
    if (kind == 2) change.put.push_back(list_member(key, {"1", "2"}));
    if (kind == 3) change.put.push_back(object_member(key, {text_member("k", "v")}));
  }
  const Node* at = find_at(*before, object);
  // Checked inside: the result says what was meant and nothing else. Here: it is had.
  if (at != nullptr && at->is(Node::Kind::object)) {
    const auto after = edit_object(text, Format::jsonc, object, change);
    if (!after) RC_LOG() << text << '\n' << after.error().message;
    RC_ASSERT(after.has_value());
  }
}

TEST(Edit, AFileThatIsNotUtf8IsLeftAlone) {
  for (const Format format : {Format::jsonc, Format::yaml, Format::toml}) {
    const std::string text = format == Format::jsonc ? "{\"a\": {\"b\": \"\xB4\"}}"
                             : format == Format::yaml ? "a:\n  b: \"\xB4\"\n"
                                                      : "[a]\nb = \"\xB4\"\n";
    const auto bytes = bytes_of(text, format, {"a", "b"});
    ASSERT_FALSE(bytes.has_value());
    EXPECT_EQ(bytes.error().kind, ErrorKind::invalid);
    EXPECT_FALSE(replace_bytes(text, format, {"a", "b"}, "1").has_value());
  }
}

}  // namespace
}  // namespace doorward::clients
