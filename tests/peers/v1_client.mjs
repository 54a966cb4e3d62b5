// A client of the v1 SDK (@modelcontextprotocol/sdk), over Streamable HTTP, HTTP+SSE or stdio; see steps.mjs.
import { answers, authorized, capabilities, childEnv, perform_all, print, request, require, urls, watch } from './steps.mjs';

const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
const { StreamableHTTPClientTransport } = require('@modelcontextprotocol/sdk/client/streamableHttp.js');
const { ClientCredentialsProvider } = require('@modelcontextprotocol/sdk/client/auth-extensions.js');
const { SSEClientTransport } = require('@modelcontextprotocol/sdk/client/sse.js');
const { StdioClientTransport } = require('@modelcontextprotocol/sdk/client/stdio.js');
const types = require('@modelcontextprotocol/sdk/types.js');

const schemas = {
  'elicitation/create': types.ElicitRequestSchema,
  'sampling/createMessage': types.CreateMessageRequestSchema,
  'roots/list': types.ListRootsRequestSchema,
};

const { url, sse, command } = request.transport;
const OverHttp = sse ? SSEClientTransport : StreamableHTTPClientTransport;
const transport = url
  ? new OverHttp(new URL(url), authorized(ClientCredentialsProvider))
  : new StdioClientTransport({ command: command[0], args: command.slice(1), env: childEnv, stderr: 'inherit' });
const sent = [];
const asked = [];
const client = new Client({ name: 'v1-client', version: '1' }, { capabilities });
for (const [method, answer] of Object.entries(answers)) {
  client.setRequestHandler(schemas[method], (asking) => {
    asked.push(method);
    if (asking.params?.url) urls.push(asking.params.url);
    return answer;
  });
}
await client.connect(watch(transport, sent));
const steps = await perform_all(client, (params, options) => client.callTool(params, undefined, options), sent);
const answer = {
  era: 'legacy',
  version: transport.protocolVersion ?? transport._protocolVersion,
  session: transport.sessionId !== undefined,
  server: client.getServerVersion(),
  capabilities: client.getServerCapabilities(),
  steps,
  asked,
  urls,
};
if (url && !sse) await transport.terminateSession();
await client.close();
await print(answer);
