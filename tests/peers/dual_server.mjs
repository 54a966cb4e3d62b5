// A server of the v2 SDK that speaks both eras: `dual_server.mjs http PORT` at /mcp, or `dual_server.mjs stdio`; with
// the last argument `modern` it serves 2026-07-28 alone.
import { createRequire } from 'node:module';
import { createServer } from 'node:http';

const require = createRequire(process.env.DOORWARD_PEERS + '/');
const sdk = require('@modelcontextprotocol/server');
const { McpServer, acceptedContent, createMcpHandler, fromJsonSchema, inputRequired } = sdk;
const { serveStdio } = require('@modelcontextprotocol/server/stdio');
const { toNodeHandler } = require('@modelcontextprotocol/node');

const object = (properties) => fromJsonSchema({ type: 'object', properties, required: Object.keys(properties) });
const text = (value) => ({ content: [{ type: 'text', text: value }] });
const TEXT = { type: 'string' };
const NUMBER = { type: 'number' };

function build() {
  const server = new McpServer({ name: 'dual-server', version: '2' });
  server.registerTool('echo', { description: 'Says it again', inputSchema: object({ text: TEXT }) },
    ({ text: said }) => text(`echo: ${said}`));
  server.registerTool('add', { inputSchema: object({ a: NUMBER, b: NUMBER }), outputSchema: object({ sum: NUMBER }) },
    ({ a, b }) => ({ ...text(String(a + b)), structuredContent: { sum: a + b } }));
  server.registerTool('count', { description: 'Counts with progress', inputSchema: object({ to: NUMBER }) },
    async ({ to }, context) => {
      const progressToken = context.mcpReq._meta?.progressToken;
      for (let progress = 1; progress <= to && progressToken !== undefined; ++progress) {
        const params = { progressToken, progress, total: to };
        await context.mcpReq.notify({ method: 'notifications/progress', params });
      }
      return text(`counted to ${to}`);
    });
  server.registerTool('deploy', { description: 'Asks first', inputSchema: object({ target: TEXT }) },
    ({ target }, context) => {
      const said = acceptedContent(context.mcpReq.inputResponses, 'sure');
      if (said?.sure === true) return text(`deployed to ${target}, ${context.mcpReq.requestState()}`);
      const requestedSchema = { type: 'object', properties: { sure: { type: 'boolean' } }, required: ['sure'] };
      return inputRequired({
        inputRequests: { sure: inputRequired.elicit({ message: `Deploy to ${target}?`, requestedSchema }) },
        requestState: `asked for ${target}`,
      });
    });
  server.registerTool('delete_note', { inputSchema: object({ id: NUMBER }) }, ({ id }) => text(`deleted ${id}`));
  const readme = 'file:///readme';
  server.registerResource('readme', readme, {}, () => ({ contents: [{ uri: readme, text: 'read me' }] }));
  return server;
}

const legacy = process.argv.at(-1) === 'modern' ? { legacy: 'reject' } : {};
if (process.argv[2] === 'stdio') serveStdio(build, legacy);
else createServer(toNodeHandler(createMcpHandler(build, legacy))).listen(Number(process.argv[3]), '127.0.0.1');
