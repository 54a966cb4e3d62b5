// The conformance server: `server.mjs [--transport http|stdio|sse] [--era dual|modern|legacy]`.
// Over HTTP it takes a free port of 127.0.0.1 and prints its URL. In the legacy era it keeps sessions and remembers the
// events of their streams; `--era` leaves away what the other era's part would answer.
import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { build } from './fixtures.mjs';

const require = createRequire(process.env.DOORWARD_PEERS + '/');
const { createMcpHandler, isInitializeRequest, isLegacyRequest } = require('@modelcontextprotocol/server');
const { serveStdio, StdioServerTransport } = require('@modelcontextprotocol/server/stdio');
const node = require('@modelcontextprotocol/node');

const { era, transport } = parseArgs({
  options: { era: { type: 'string', default: 'dual' }, transport: { type: 'string', default: 'http' } },
}).values;

const RETRY = 200; // milliseconds until a client whose stream was closed comes back
const connected = new Set(); // servers whose connection outlives a request
let modern;
const announce = {
  toolsChanged() {
    for (const server of connected) server.sendToolListChanged();
    modern?.notify.toolsChanged();
  },
  promptsChanged() {
    for (const server of connected) server.sendPromptListChanged();
    modern?.notify.promptsChanged();
  },
};

function build_connected() {
  const server = build(announce);
  connected.add(server);
  server.server.onclose = () => connected.delete(server);
  return server;
}

// The events of one session's streams, for clients that come back.
class Events {
  events = [];

  async storeEvent(stream, message) {
    const id = `${this.events.length}-${stream}`;
    this.events.push({ id, stream, message });
    return id;
  }

  async getStreamIdForEventId(id) {
    return this.events.find((event) => event.id === id)?.stream;
  }

  async replayEventsAfter(last, { send }) {
    const from = this.events.findIndex((event) => event.id === last);
    const { stream } = this.events[from];
    for (const { id, stream: of, message } of this.events.slice(from + 1)) {
      if (of === stream && message.jsonrpc) await send(id, message);
    }
    return stream;
  }
}

const sessions = new Map();

async function open_session() {
  const opened = new node.NodeStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    eventStore: new Events(),
    retryInterval: RETRY,
    onsessioninitialized: (id) => sessions.set(id, opened),
    onsessionclosed: (id) => sessions.delete(id),
  });
  await build_connected().connect(opened);
  return opened;
}

function refuse(response, status, code, message) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message } }));
}

async function serve_legacy(request, response, body) {
  const id = request.headers['mcp-session-id'];
  if (id === undefined && isInitializeRequest(body)) return (await open_session()).handleRequest(request, response, body);
  if (id === undefined) return refuse(response, 400, -32000, 'Bad Request: no session');
  const session = sessions.get(id);
  if (!session) return refuse(response, 404, -32001, 'Session not found');
  return session.handleRequest(request, response, body);
}

async function body_of(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  try {
    return JSON.parse(Buffer.concat(pieces));
  } catch {
    return undefined;
  }
}

function serve_http() {
  modern = era === 'legacy' ? undefined : createMcpHandler(() => build(announce), { legacy: 'reject' });
  const answer_modern = modern && node.toNodeHandler(modern);
  const allowed = [node.localhostHostValidation(), node.localhostOriginValidation()];
  return async (request, response) => {
    if (!allowed.every((validate) => validate(request, response))) return;
    const body = request.method === 'POST' ? await body_of(request) : undefined;
    const for_legacy = era === 'legacy' || (era === 'dual' && await isLegacyRequest(await node.toWebRequest(request, body)));
    if (for_legacy) await serve_legacy(request, response, body);
    else await answer_modern(request, response, body);
  };
}

// HTTP+SSE of 2024-11-05: only the v1 SDK still has its server side.
function serve_sse() {
  const { SSEServerTransport } = require('@modelcontextprotocol/sdk/server/sse.js');
  const streams = new Map();
  return async (request, response) => {
    const url = new URL(request.url, 'http://127.0.0.1');
    if (request.method === 'GET' && url.pathname === '/mcp') {
      const stream = new SSEServerTransport('/messages', response);
      streams.set(stream.sessionId, stream);
      response.on('close', () => streams.delete(stream.sessionId));
      return build_connected().connect(stream);
    }
    const stream = request.method === 'POST' && url.pathname === '/messages' && streams.get(url.searchParams.get('sessionId'));
    if (stream) return stream.handlePostMessage(request, response);
    refuse(response, request.method === 'POST' && url.pathname === '/mcp' ? 405 : 404, -32000, 'Not here');
  };
}

if (transport === 'stdio') {
  if (era === 'legacy') await build_connected().connect(new StdioServerTransport());
  else serveStdio(build_connected, { legacy: era === 'modern' ? 'reject' : 'serve' });
} else {
  const server = createServer(transport === 'sse' ? serve_sse() : serve_http());
  server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/mcp`));
}
