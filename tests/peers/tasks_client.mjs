// A client of the tasks extension (@modelcontextprotocol/ext-tasks) above the v2 SDK: calls one tool and waits for what
// becomes of its task. Request as in steps.mjs; one step. Prints {"kinds": of the results that came, "result"}.
import { pathToFileURL } from 'node:url';
import { headers, print, request, require } from './steps.mjs';

const { Client, StreamableHTTPClientTransport } = require('@modelcontextprotocol/client');
const entry = `${process.env.DOORWARD_PEERS}/node_modules/@modelcontextprotocol/ext-tasks/dist/client/index.js`;
const { createTaskSessionFromClient, resultFromTaskOutcome } = await import(pathToFileURL(entry));

const url = new URL(request.transport.url);
const info = { name: 'tasks-client', version: '1' };
const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
const client = new Client(info, { capabilities, versionNegotiation: { mode: { pin: '2026-07-28' } } });
await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));

const kinds = [];
async function rawDispatch(message) {
  const named = message.params.name ?? message.params.taskId;
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      ...headers, 'content-type': 'application/json', accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28', 'mcp-method': message.method, ...(named ? { 'mcp-name': named } : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: `raw-${kinds.length}`, ...message }),
  });
  const response = await answer.json();
  kinds.push([message.method, response.result?.resultType, response.result?.status].filter(Boolean).join(' '));
  return response;
}

const session = createTaskSessionFromClient(client, {
  endpointId: 'doorward',
  rawDispatch,
  v2RequestFraming: { protocolVersion: '2026-07-28', clientInfo: info, clientCapabilities: capabilities },
});
const [step] = request.steps;
const execution = await session.callTool(step.call, step.arguments ?? {});
const { outcome } = await execution.settle();
const result = resultFromTaskOutcome(outcome);
await session.close();
await client.close();
await print({ kinds, result });
