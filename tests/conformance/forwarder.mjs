// Adds a bearer token, which the suites cannot send: `forwarder.mjs URL [TOKEN]` takes a free port of 127.0.0.1, prints
// its own URL and forwards each request to URL as it is, byte by byte as they come, either side's end to the other.
// With CONFORMANCE_TRACE set it prints what passes to standard error.
import { createServer, request as forward, Agent } from 'node:http';

const to = new URL(process.argv[2]);
const token = process.argv[3];
const agent = new Agent({ keepAlive: true });

// Header lines as they came; our own authority in Host and Origin becomes the server's, any other stays.
function translate(lines, own) {
  const out = [];
  for (let at = 0; at < lines.length; at += 2) {
    const name = lines[at].toLowerCase();
    let value = lines[at + 1];
    if (name === 'host' && value === own) value = to.host;
    if (name === 'origin' && value === `http://${own}`) value = to.origin;
    if (name !== 'connection') out.push(lines[at], value);
  }
  return token ? [...out, 'Authorization', `Bearer ${token}`] : out;
}

const print = (...words) => process.env.CONFORMANCE_TRACE && console.error(...words.map(String));
let requests = 0;

const server = createServer((request, response) => {
  const number = ++requests;
  print(number, '>', request.method, JSON.stringify(request.headers));
  request.on('data', (piece) => print(number, '>', piece));
  const headers = translate(request.rawHeaders, `127.0.0.1:${server.address().port}`);
  const onward = forward({ agent, host: to.hostname, port: to.port, path: to.pathname, method: request.method,
    headers, setHost: false });
  onward.on('response', (answer) => {
    print(number, '<', answer.statusCode, JSON.stringify(answer.headers));
    const lines = answer.rawHeaders.filter((_, at, all) => all[at - (at % 2)].toLowerCase() !== 'connection');
    response.writeHead(answer.statusCode, answer.statusMessage, lines);
    response.flushHeaders();
    answer.on('data', (piece) => {
      print(number, '<', piece);
      response.write(piece);
    });
    answer.on('end', () => response.end());
    answer.on('error', () => response.destroy());
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
  response.on('close', () => {
    print(number, '= closed');
    onward.destroy();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/mcp`));
