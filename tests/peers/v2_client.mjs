// A client of the v2 SDK (@modelcontextprotocol/client) in the era that the request names, over Streamable HTTP or
// stdio; see steps.mjs.
import { answers, authorized, capabilities, childEnv, perform_all, print, request, require, urls, watch } from './steps.mjs';

const { Client, ClientCredentialsProvider, StreamableHTTPClientTransport } = require('@modelcontextprotocol/client');
const { StdioClientTransport } = require('@modelcontextprotocol/client/stdio');

const { url, command } = request.transport;
const transport = url
  ? new StreamableHTTPClientTransport(new URL(url), authorized(ClientCredentialsProvider))
  : new StdioClientTransport({ command: command[0], args: command.slice(1), env: childEnv, stderr: 'inherit' });
const mode = request.era === 'modern' ? { pin: '2026-07-28' } : request.era;
const sent = [];
const asked = [];
const client = new Client({ name: 'v2-client', version: '2' }, { capabilities, versionNegotiation: { mode } });
for (const [method, answer] of Object.entries(answers)) {
  client.setRequestHandler(method, (asking) => {
    asked.push(method);
    if (asking.params?.url) urls.push(asking.params.url);
    return answer;
  });
}
await client.connect(watch(transport, sent));
const steps = await perform_all(client, (params, options) => client.callTool(params, options), sent);
const answer = {
  era: client.getProtocolEra(),
  version: client.getNegotiatedProtocolVersion(),
  session: transport.sessionId !== undefined,
  server: client.getServerVersion(),
  capabilities: client.getServerCapabilities(),
  steps,
  asked,
  urls,
};
if (url && answer.session) await transport.terminateSession();
await client.close();
await print(answer);
