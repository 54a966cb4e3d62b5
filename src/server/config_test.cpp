#include "server/config.h"

#include <gtest/gtest.h>

#include <string>

namespace doorward::server {
namespace {

using namespace std::chrono_literals;

constexpr const char* kWhole = R"(
listen: "[::1]:0"
state: ./state
workers: 2
durability: power
allowed_hosts: [mcp.example.com, "mcp.example.com:8443"]
allowed_origins: ["https://app.example.com"]
limits: {body: 1MiB, result: 64KiB, connections: 10, connections_per_peer: 3, requests_in_flight_per_session: 7}
timeouts: {header: 1s, body: 2s, idle: 3s, connect: 4s, first_byte: 5s, stream_idle: 6s, session: 7m, drain: 250ms}
log:
  values: [{server: portkey, tool: truenas, paths: [args.amount]}]
  retention: 200d
  segment: 1MiB
  ring: 128KiB
  sync: 20ms
servers:
  - name: notes
    command: [node, server.js]
    env: {API_TOKEN: {env: NAME}, HOME: {value: /tmp}, CERT: {file: path}}
    cwd: .
  - name: portkey
    url: http://127.0.0.1:3000/mcp?workspace=1
    headers: {Authorization: {env: TOKEN, prefix: "Bearer "}, x-api-key: {file: secrets/key}}
    actions: [{tool: truenas, name: args.action, args: args.params, list: [pool_list]}]
    timeouts: {first_byte: 120s}
policies:
  - {name: support, server: portkey, file: policies/support.json}
  - {name: support, server: notes, file: /abs/other.json}
grants:
  - {label: ci, server: portkey, policy: support, owner: alice, labels: {team: core}, token: {env: CI_TOKEN},
     expires: 2027-01-01T00:00:00Z}
)";

std::string all_of(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings) text += finding.text() + "\n";
  return text;
}

TEST(Config, ReadsEveryKey) {
  const auto config = parse_config(kWhole, "/etc/doorward/gateway.yaml");
  ASSERT_TRUE(config.has_value()) << all_of(config.error());
  EXPECT_EQ(config->listen, "[::1]:0");
  EXPECT_EQ(config->state, "/etc/doorward/state");
  EXPECT_EQ(config->workers, 2U);
  EXPECT_TRUE(config->power_durability);
  EXPECT_EQ(config->allowed_hosts.size(), 2U);
  EXPECT_EQ(config->allowed_origins.at(0), "https://app.example.com");
  EXPECT_EQ(config->limits.body, 1U << 20);
  EXPECT_EQ(config->limits.result, 64U << 10);
  EXPECT_EQ(config->limits.connections, 10U);
  EXPECT_EQ(config->limits.connections_per_peer, 3U);
  EXPECT_EQ(config->limits.requests_in_flight_per_session, 7U);
  EXPECT_EQ(config->timeouts.header, 1s);
  EXPECT_EQ(config->timeouts.body, 2s);
  EXPECT_EQ(config->timeouts.idle, 3s);
  EXPECT_EQ(config->timeouts.connect, 4s);
  EXPECT_EQ(config->timeouts.first_byte, 5s);
  EXPECT_EQ(config->timeouts.stream_idle, 6s);
  EXPECT_EQ(config->timeouts.session, 7min);
  EXPECT_EQ(config->timeouts.drain, 250ms);
  EXPECT_EQ(config->log.retention, std::chrono::hours(200 * 24));
  EXPECT_EQ(config->log.segment, 1U << 20);
  EXPECT_EQ(config->log.ring, 128U << 10);
  EXPECT_EQ(config->log.sync, 20ms);
  ASSERT_EQ(config->log.values.size(), 1U);
  EXPECT_EQ(config->log.values[0].paths.at(0), "args.amount");

  ASSERT_EQ(config->servers.size(), 2U);
  const ServerConfig& notes = config->servers[0];
  EXPECT_EQ(notes.at.text(), "/etc/doorward/gateway.yaml:17");
  EXPECT_EQ(notes.command, (std::vector<std::string>{"node", "server.js"}));
  EXPECT_EQ(notes.cwd, "/etc/doorward/");
  ASSERT_EQ(notes.env.size(), 3U);
  EXPECT_EQ(notes.env[0].second.source, SecretRef::Source::environment);
  EXPECT_EQ(notes.env[1].second.source, SecretRef::Source::literal);
  EXPECT_EQ(notes.env[2].second.text, "/etc/doorward/path");
  const ServerConfig& portkey = config->servers[1];
  EXPECT_EQ(portkey.headers.at(0).first, "authorization");
  EXPECT_EQ(portkey.headers.at(0).second.prefix, "Bearer ");
  EXPECT_EQ(portkey.headers.at(1).second.text, "/etc/doorward/secrets/key");
  EXPECT_EQ(portkey.actions.at(0).list.at(0), "pool_list");
  EXPECT_EQ(portkey.timeouts.first_byte, 120s);
  EXPECT_FALSE(portkey.timeouts.connect.has_value());
  EXPECT_EQ(config->policies.at(0).file, "/etc/doorward/policies/support.json");
  EXPECT_EQ(config->policies.at(1).file, "/abs/other.json");
  EXPECT_EQ(config->grants.at(0).labels.at(0), std::pair(std::string("team"), std::string("core")));
  EXPECT_EQ(config->grants.at(0).expires, "2027-01-01T00:00:00Z");
}

TEST(Config, AnEmptyFileIsTheDefaults) {
  const auto config = parse_config("", "g.yaml");
  ASSERT_TRUE(config.has_value()) << all_of(config.error());
  EXPECT_EQ(config->listen, "127.0.0.1:8420");
  EXPECT_EQ(config->limits.body, 4U << 20);
  EXPECT_EQ(config->timeouts.drain, 25s);
  EXPECT_TRUE(config->servers.empty());
}

struct Bad {
  const char* name;
  const char* text;
  const char* expected;  ///< the beginning of the one finding
};

class ConfigRefusal : public testing::TestWithParam<Bad> {};

TEST_P(ConfigRefusal, NamesPlaceCauseAndNextStep) {
  const auto config = parse_config(GetParam().text, "g.yaml");
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().size(), 1U) << all_of(config.error());
  EXPECT_TRUE(config.error()[0].text().starts_with(GetParam().expected)) << all_of(config.error());
}

INSTANTIATE_TEST_SUITE_P(
    Keys, ConfigRefusal,
    testing::Values(Bad{"Unknown", "listne: 127.0.0.1:1\n",
                        "g.yaml:1:1: the configuration has no key \"listne\"; did you mean \"listen\"?"},
                    Bad{"UnknownNested", "limits:\n  bodi: 1MiB\n",
                        "g.yaml:2:3: limits has no key \"bodi\"; did you mean \"body\"?"},
                    Bad{"UnknownFar", "zzz: 1\n",
                        "g.yaml:1:1: the configuration has no key \"zzz\"; remove it (known keys: listen,"},
                    Bad{"CaseCounts", "Listen: 127.0.0.1:1\n",
                        "g.yaml:1:1: the configuration has no key \"Listen\"; did you mean \"listen\"?"},
                    Bad{"NotAMapping", "- a\n", "g.yaml:1:1: the configuration must be a mapping"},
                    Bad{"Duplicate", "workers: 1\nworkers: 2\n", "g.yaml:2:1: duplicate key \"workers\""},
                    Bad{"Missing", "servers:\n  - {url: \"http://x/\"}\n",
                        "g.yaml:2:5: a server needs \"name\""}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Values, ConfigRefusal,
    testing::Values(
        Bad{"TlsWithoutKey", "tls: {certificate: a.pem}\n", "g.yaml:1:6: tls needs \"key\""},
        Bad{"TlsWithoutCertificate", "tls: {key: a.pem}\n", "g.yaml:1:6: tls needs \"certificate\""},
        Bad{"TlsClients", "tls: {certificate: a, key: b, client_certificates: maybe}\n",
            "g.yaml:1:52: \"client_certificates\" must be none, optional or required"},
        Bad{"TlsClientsOfNobody", "tls: {certificate: a, key: b, client_certificates: required}\n",
            "g.yaml:1:6: client certificates need \"client_ca\""},
        Bad{"TlsAuthorityAsksNobody", "tls: {certificate: a, key: b, client_ca: c}\n",
            "g.yaml:1:6: \"client_ca\" without \"client_certificates\" asks nobody"},
        Bad{"ListenName", "listen: localhost:1\n", "g.yaml:1:9: \"listen\" must be a numeric address"},
        Bad{"ListenNoPort", "listen: 127.0.0.1\n", "g.yaml:1:9: \"listen\" must be"},
        Bad{"ListenPortRange", "listen: 127.0.0.1:65536\n", "g.yaml:1:9: \"listen\" must be"},
        Bad{"ListenNumber", "listen: 8420\n",
            "g.yaml:1:9: \"listen\" must be a text, not a number; put it in quotes"},
        Bad{"WorkersText", "workers: many\n",
            "g.yaml:1:10: \"workers\" must be a whole number from 0 to 256"},
        Bad{"WorkersQuoted", "workers: \"2\"\n", "g.yaml:1:10: \"workers\" must be a whole number"},
        Bad{"WorkersFraction", "workers: 1.5\n", "g.yaml:1:10: \"workers\" must be a whole number"},
        Bad{"WorkersNegative", "workers: -1\n", "g.yaml:1:10: \"workers\" must be a whole number"},
        Bad{"Durability", "durability: on\n", "g.yaml:1:13: \"durability\" must be process or power"},
        Bad{"TimeBare", "timeouts: {idle: 75}\n", "g.yaml:1:18: \"idle\" must be a time from 1ms to 30d"},
        Bad{"TimeUnit", "timeouts: {idle: 75sec}\n", "g.yaml:1:18: \"idle\" must be a time"},
        Bad{"TimeZero", "timeouts: {idle: 0s}\n", "g.yaml:1:18: \"idle\" must be a time"},
        Bad{"TimeHuge", "timeouts: {idle: 99999999999999999999d}\n", "g.yaml:1:18: \"idle\" must be a time"},
        Bad{"SizeUnit", "limits: {body: 4MB}\n", "g.yaml:1:16: \"body\" must be a size from 1KiB to 1GiB"},
        Bad{"SizeNegative", "limits: {body: -4MiB}\n", "g.yaml:1:16: \"body\" must be a size"},
        Bad{"HostWithPath", "allowed_hosts: [\"a/b\"]\n", "g.yaml:1:16: \"a/b\" is no host"},
        Bad{"OriginWithPath", "allowed_origins: [\"https://a/\"]\n",
            "g.yaml:1:18: \"https://a/\" is no origin"},
        Bad{"OriginStar", "allowed_origins: [\"*\"]\n", "g.yaml:1:18: \"*\" is no origin"},
        Bad{"ListIsText", "allowed_hosts: a\n", "g.yaml:1:16: \"allowed_hosts\" must be a list, not a text"},
        Bad{"ValuesPath", "log: {values: [{server: a, tool: b, paths: [amount]}]}\n",
            "g.yaml:1:16: \"amount\" is no path under args"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Servers, ConfigRefusal,
    testing::Values(
        Bad{"Name", "servers:\n  - {name: Notes, url: \"http://x/\"}\n",
            "g.yaml:2:12: \"Notes\" is no name for a server"},
        Bad{"Both", "servers:\n  - {name: a, url: \"http://x/\", command: [x]}\n",
            "g.yaml:2:5: a server has one of"},
        Bad{"Neither", "servers:\n  - {name: a}\n", "g.yaml:2:5: a server needs \"url\""},
        Bad{"Twins", "servers:\n  - {name: a, url: \"http://x/\"}\n  - {name: a, url: \"http://y/\"}\n",
            "g.yaml:3:5: server \"a\" is defined twice, first in line 2"},
        Bad{"LiteralSecret",
            "servers:\n  - {name: a, url: \"http://x/\", headers: {x-api-key: {value: abc}}}\n",
            "g.yaml:2:54: the value of \"x-api-key\" is a secret and may not stand in this file"},
        Bad{"BareSecret", "servers:\n  - {name: a, url: \"http://x/\", headers: {cookie: abc}}\n",
            "g.yaml:2:51: the value of \"cookie\" must be a reference: {env: NAME}, {file: PATH}"},
        Bad{"TwoSources", "servers:\n  - {name: a, command: [x], env: {A: {env: B, file: c}}}\n",
            "g.yaml:2:38: the value of \"A\" needs exactly one of"},
        Bad{"CredentialName", "servers:\n  - {name: a, url: \"http://x/\", headers: {x: {credential: ../a}}}\n",
            "g.yaml:2:46: \"../a\" is no name for a secret"},
        Bad{"SealedName", "servers:\n  - {name: a, url: \"http://x/\", headers: {x: {sealed: \"a b\"}}}\n",
            "g.yaml:2:46: \"a b\" is no name for a secret"},
        Bad{"InjectLiteral",
            "servers:\n  - {name: a, url: \"http://x/\", inject: [{argument: k, value: {value: x}, tools: \"*\"}]}\n",
            "g.yaml:2:63: what is injected is a secret"},
        Bad{"InjectTools", "servers:\n  - {name: a, url: \"http://x/\", inject: [{argument: k, value: {env: A}}]}\n",
            "g.yaml:2:42: an item of inject needs \"tools\""},
        Bad{"InjectStar",
            "servers:\n  - {name: a, url: \"http://x/\", inject: [{argument: k, value: {env: A}, tools: all}]}\n",
            "g.yaml:2:80: \"tools\" must be a list of the tools"},
        Bad{"InjectTwice",
            "servers:\n  - {name: a, url: \"http://x/\", inject: [{argument: k, value: {env: A}, tools: \"*\"}, "
            "{argument: k, value: {env: B}, tools: [t]}]}\n",
            "g.yaml:2:86: two items of inject fill the argument \"k\""},
        Bad{"MasterKeySealed", "secrets: {master_key: {sealed: a}}\n", "g.yaml:1:23: \"master_key\" seals the others"},
        Bad{"PreviousAlone", "secrets: {previous_master_key: {env: A}}\n", "g.yaml:1:10: secrets needs \"master_key\""},
        Bad{"OwnHeader",
            "servers:\n  - {name: a, url: \"http://x/\", headers: {Mcp-Session-Id: {value: abc}}}\n",
            "g.yaml:2:43: the header \"mcp-session-id\" cannot be configured"},
        Bad{"HeaderTwins",
            "servers:\n  - {name: a, url: \"http://x/\", headers: {x-a: {value: b}, X-A: {value: c}}}\n",
            "g.yaml:2:60: duplicate header \"x-a\""},
        Bad{"HeaderName", "servers:\n  - {name: a, url: \"http://x/\", headers: {\"x a\": {value: b}}}\n",
            "g.yaml:2:43: \"x a\" is no name for a header"},
        Bad{"HeaderInjection",
            "servers:\n  - {name: a, url: \"http://x/\", headers: {x-a: {value: \"b\\r\\nc: d\"}}}\n",
            "g.yaml:2:48: the value of \"x-a\" holds a control character"},
        Bad{"EnvName", "servers:\n  - {name: a, command: [x], env: {A=B: {value: c}}}\n",
            "g.yaml:2:35: \"A=B\" is no name"},
        Bad{"QuerySecret", "servers:\n  - {name: a, url: \"http://x/?api_key=1\"}\n",
            "g.yaml:2:20: the query of the URL carries a secret"},
        Bad{"ActionWithoutList",
            "servers:\n  - {name: a, url: \"http://x/\", actions: [{tool: t, name: args.a}]}\n",
            "g.yaml:2:43: an action needs \"list\""},
        Bad{"EnvForUrl", "servers:\n  - {name: a, url: \"http://x/\", env: {A: {value: b}}}\n",
            "g.yaml:2:5: \"env\" is for a server with \"command\""}),
    [](const auto& row) { return row.param.name; });

// T238: what a URL may not be.
INSTANTIATE_TEST_SUITE_P(
    T238, ConfigRefusal,
    testing::Values(Bad{"UserInfo", "servers:\n  - {name: a, url: \"http://u:p@x/\"}\n", "g.yaml:2:20: "},
                    Bad{"LineBreak", "servers:\n  - {name: a, url: \"http://x/\\r\\na: b\"}\n",
                        "g.yaml:2:20: "},
                    Bad{"Fragment", "servers:\n  - {name: a, url: \"http://x/#a\"}\n", "g.yaml:2:20: "},
                    Bad{"Space", "servers:\n  - {name: a, url: \"http://x/ a\"}\n", "g.yaml:2:20: "},
                    Bad{"Scheme", "servers:\n  - {name: a, url: \"file:///etc/passwd\"}\n", "g.yaml:2:20: "},
                    Bad{"NoHost", "servers:\n  - {name: a, url: \"http:///x\"}\n", "g.yaml:2:20: "}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Others, ConfigRefusal,
    testing::Values(
        Bad{"PolicyTwins",
            "policies:\n  - {name: p, server: a, file: x}\n  - {name: p, server: a, file: y}\n",
            "g.yaml:3:5: policy \"a/p\" is defined twice, first in line 2"},
        Bad{"PolicyFile", "policies:\n  - {name: p, server: a}\n", "g.yaml:2:5: a policy needs \"file\""},
        Bad{"GrantTwins",
            "grants:\n  - {label: g, server: a, token: {env: A}}\n  - {label: g, server: b, token: {env: "
            "B}}\n",
            "g.yaml:3:5: grant \"g\" is defined twice, first in line 2"},
        Bad{"GrantLiteral", "grants:\n  - {label: g, server: a, token: {value: dwt_x}}\n",
            "g.yaml:2:34: the value of \"token\" is a secret"},
        Bad{"GrantExpires", "grants:\n  - {label: g, server: a, token: {env: A}, expires: 2027-01-01}\n",
            "g.yaml:2:53: \"expires\" must be a time in UTC"},
        Bad{"GrantLabel", "grants:\n  - {label: \"a b\", server: a, token: {env: A}}\n",
            "g.yaml:2:13: \"a b\" is no label"}),
    [](const auto& row) { return row.param.name; });

// T141: absence is not an empty allowance; what is missing is named. T176: order changes nothing.
TEST(Config, ReportsEveryFindingInOrder) {
  const auto config = parse_config("workers: x\nlisten: y\nzzz: 1\n", "g.yaml");
  ASSERT_FALSE(config.has_value());
  ASSERT_EQ(config.error().size(), 3U) << all_of(config.error());
  EXPECT_EQ(config.error()[0].at.line, 1U);
  EXPECT_EQ(config.error()[1].at.line, 2U);
  EXPECT_EQ(config.error()[2].at.line, 3U);
}

TEST(Config, NoMessageRepeatsASecret) {
  const auto config = parse_config(
      "servers:\n"
      "  - {name: a, url: \"http://user:hunter2222@x/\", headers: {authorization: {value: hunter2222}, "
      "token: hunter2222}}\n"
      "grants:\n  - {label: g, server: a, token: hunter2222}\n",
      "g.yaml");
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().size(), 4U) << all_of(config.error());
  EXPECT_EQ(all_of(config.error()).find("hunter2222"), std::string::npos) << all_of(config.error());
}

TEST(Config, AMissingFileIsOneFinding) {
  const auto config = load_config("/nowhere/gateway.yaml");
  ASSERT_FALSE(config.has_value());
  EXPECT_TRUE(config.error().at(0).text().starts_with("/nowhere/gateway.yaml: cannot be read: No such file"));
}

TEST(ConfigValues, Durations) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("400d"), std::chrono::hours(9600));
  EXPECT_EQ(parse_duration("10000d"), std::chrono::hours(240000));
  for (const char* text : {"", "s", "10", "1.5s", "-1s", "+1s", " 1s", "1s ", "1 s", "10001d", "1S", "0x1s",
                           "1h30m", "18446744073709551616ms"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
}

TEST(ConfigValues, Sizes) {
  EXPECT_EQ(parse_size("7B"), 7U);
  EXPECT_EQ(parse_size("4MiB"), 4U << 20);
  EXPECT_EQ(parse_size("1024GiB"), std::size_t{1} << 40);
  for (const char* text : {"", "MiB", "4", "4MB", "4mib", "4.5MiB", "-4MiB", "1025GiB", "4 MiB"}) {
    EXPECT_FALSE(parse_size(text).has_value()) << text;
  }
}

TEST(Config, ReadsBundles) {
  const auto config = parse_config(R"(
servers: [{name: a, url: "http://x/"}, {name: b, url: "http://x/"}]
bundles:
  - {name: desk, members: [{server: a, policy: open}, {server: b, prefix: other}]}
  - {name: plain, names: never, members: [{server: a}]}
)",
                                   "g.yaml");
  ASSERT_TRUE(config.has_value()) << all_of(config.error());
  ASSERT_EQ(config->bundles.size(), 2U);
  const gateway::BundleSettings& desk = config->bundles[0].settings;
  EXPECT_EQ(desk.names, gateway::BundleNames::always);
  ASSERT_EQ(desk.members.size(), 2U);
  EXPECT_EQ(desk.members[0], (gateway::BundleMember{"a", "open", "a"}));
  EXPECT_EQ(desk.members[1], (gateway::BundleMember{"b", "", "other"}));
  EXPECT_EQ(config->bundles[1].settings.names, gateway::BundleNames::never);
}

TEST(Config, RefusesBundlesThatCouldMixNames_T132) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{name: a, members: [{server: a}]}", "is the name of a server too"},
      {"{name: A, members: [{server: a}]}", "is no name for a bundle"},
      {"{name: x, members: [{server: a, prefix: a_}]}", "is no prefix"},
      {"{name: x, members: [{server: a, prefix: \"\"}]}", "is no prefix"},
      {"{name: x, members: [{server: a, prefix: b}, {server: b}]}", "two members have the prefix \"b\""},
      {"{name: x, members: [{server: a}, {server: a, prefix: c}]}", "is a member twice"},
      {"{name: x, members: []}", "needs \"members\""},
      {"{name: x}", "needs \"members\""},
      {"{members: [{server: a}]}", "name"},
      {"{name: x, members: [{policy: p}]}", "server"},
      {"{name: x, names: sometimes, members: [{server: a}]}", "always, conflict or never"},
      {"{name: x, separator: \"-\", members: [{server: a}]}", "separator"}};
  for (const auto& [bundle, part] : cases) {
    const auto config =
        parse_config("servers: [{name: a, url: \"http://x/\"}]\nbundles: [" + bundle + "]\n", "g.yaml");
    ASSERT_FALSE(config.has_value()) << bundle;
    EXPECT_NE(all_of(config.error()).find(part), std::string::npos)
        << bundle << ": " << all_of(config.error());
  }
}

}  // namespace
}  // namespace doorward::server
