// What a client does in the client scenarios: `client.mjs v1|v2 URL TOKEN` connects in the era of the scenario's revision,
// lists what the server has, and calls, reads and gets all of it. The suite tells the rest by environment variables.
import { createRequire } from 'node:module';

const require = createRequire(process.env.DOORWARD_PEERS + '/');
const [sdk, url, token] = process.argv.slice(2);
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT || '{}');
const revision = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION ?? '2025-11-25';

const info = { name: 'conformance-client', version: '1' };
const capabilities = { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: {} };
const headers = { authorization: `Bearer ${token}` };
const accept = (request) => {
  const properties = Object.entries(request.params.requestedSchema?.properties ?? {});
  const content = properties.filter(([, schema]) => schema.default === undefined).map(([name, schema]) => [name, example(schema)]);
  return { action: 'accept', content: Object.fromEntries(content) };
};

// A value that a schema takes.
function example(schema) {
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'integer' || schema.type === 'number') return 5;
  if (schema.type === 'boolean') return true;
  if (schema.type === 'array') return [];
  if (schema.type !== 'object') return 'text';
  const required = (schema.required ?? []).filter((name) => schema.properties?.[name]);
  return Object.fromEntries(required.map((name) => [name, example(schema.properties[name])]));
}

async function connect_v1() {
  const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
  const { StreamableHTTPClientTransport } = require('@modelcontextprotocol/sdk/client/streamableHttp.js');
  const { ElicitRequestSchema } = require('@modelcontextprotocol/sdk/types.js');
  const client = new Client(info, { capabilities });
  client.setRequestHandler(ElicitRequestSchema, accept);
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  return client;
}

async function connect_v2() {
  const { Client, StreamableHTTPClientTransport } = require('@modelcontextprotocol/client');
  const mode = revision === '2026-07-28' ? { pin: revision } : 'legacy';
  const client = new Client(info, { capabilities, versionNegotiation: { mode } });
  client.setRequestHandler('elicitation/create', accept);
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  return client;
}

// One thing that fails is the server's business; the next is tried all the same.
async function attempt(what, act) {
  try {
    console.log(what, JSON.stringify(await act()));
  } catch (error) {
    console.log(what, String(error));
  }
}

const client = sdk === 'v1' ? await connect_v1() : await connect_v2();
const { tools } = await client.listTools();
console.log('tools', JSON.stringify(tools.map((tool) => tool.name)));
// The echo of a schema takes the schema of the other tool as it came.
const schema = tools.find((tool) => tool.name === 'json_schema_2020_12_tool')?.inputSchema;
const calls = context.toolCalls ?? tools.map((tool) => ({
  name: tool.name, arguments: tool.name === 'json_schema_echo' ? { schema } : example(tool.inputSchema),
}));
for (const call of calls) await attempt(call.name, () => client.callTool(call));
const has = client.getServerCapabilities() ?? {};
if (has.resources) {
  const { resources } = await client.listResources();
  for (const { uri } of resources) await attempt(uri, () => client.readResource({ uri }));
}
if (has.prompts) {
  const { prompts } = await client.listPrompts();
  for (const { name } of prompts) await attempt(name, () => client.getPrompt({ name }));
}
await client.close();
process.exit(0);
