// What the client drivers share: the request on standard input, steps one after the other, JSON on standard output.
//
// Request:  {"era", "transport": {"url", "token" or "client", "sse": true} | {"command": [...]}, "answers": {METHOD: RESULT},
//            "capabilities": instead of those that `answers` need, "steps": [...]}
// Step:     {"list": "tools" | "resources" | "prompts"} | {"call": NAME, "arguments", "progress": true, "task": true}
//           | {"read": URI} | {"prompt": NAME, "arguments"} | {"together": [STEP, ...]}, whose result is the list of results
// Answer:   {"era", "version", "server", "capabilities", "steps": [{"id", "requests", "result" | "error", "progress"}], "asked"}
// `answers` are what the client says to the server's own requests, and declares the capability of; `asked` are the
// methods that came, `urls` the pages that the user was to be shown. `requests` says how many a step took. `id` is the JSON-RPC id that the client really sent.
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';

export const require = createRequire(process.env.DOORWARD_PEERS + '/');
export const request = JSON.parse(await text(process.stdin));

// What a command started over stdio gets beside the SDK's own short list of variables.
export const childEnv = { DOORWARD_PEERS: process.env.DOORWARD_PEERS };
export const headers = { authorization: `Bearer ${request.transport?.token}` };

// How the SDK's HTTP transports are to authorize: a fixed token, or the credentials of an OAuth client, with which the
// SDK's own provider finds the authorization server by itself.
export function authorized(ClientCredentialsProvider) {
  const { client } = request.transport;
  return client ? { authProvider: new ClientCredentialsProvider(client) } : { requestInit: { headers } };
}

// The client capability behind each request that a server may make.
const BEHIND = { 'elicitation/create': 'elicitation', 'sampling/createMessage': 'sampling', 'roots/list': 'roots' };
export const answers = request.answers ?? {};
export const urls = [];
export const capabilities = request.capabilities ?? Object.fromEntries(Object.keys(answers).map((method) => [BEHIND[method], {}]));

// Remembers the ids of the requests that go out.
export function watch(transport, sent) {
  const send = transport.send.bind(transport);
  transport.send = (message, options) => {
    for (const one of [message].flat()) if (one.method !== undefined && one.id !== undefined) sent.push(one);
    return send(message, options);
  };
  return transport;
}

// What callToolStream, the SDK's way to call a tool as a task, comes to in the end.
async function last(stream) {
  let end;
  for await (const message of stream) end = message;
  if (end.type === 'error') throw end.error;
  return end.result;
}

async function perform(client, call, step, progress) {
  if (step.list === 'tools') return client.listTools();
  if (step.list === 'resources') return client.listResources();
  if (step.list === 'prompts') return client.listPrompts();
  if (step.read) return client.readResource({ uri: step.read });
  if (step.prompt) return client.getPrompt({ name: step.prompt, arguments: step.arguments ?? {} });
  if (step.task) {
    const params = { name: step.call, arguments: step.arguments ?? {} };
    const tasks = client.experimental?.tasks;
    if (tasks) return last(tasks.callToolStream(params, undefined, { task: { ttl: 60000 } }));
    return call({ ...params, task: { ttl: 60000 } }, {});
  }
  if (step.together) return Promise.all(step.together.map((one) => perform(client, call, one, progress)));
  const options = step.progress ? { onprogress: (event) => progress.push(event.progress) } : {};
  return call({ name: step.call, arguments: step.arguments ?? {} }, options);
}

// `call(params, options)` is the SDK's way to call a tool; `sent` is what `watch` fills.
export async function perform_all(client, call, sent) {
  const steps = [];
  for (const step of request.steps) {
    const done = {};
    const progress = [];
    const before = sent.length;
    try {
      done.result = await perform(client, call, step, progress);
    } catch (error) {
      done.error = { code: error.code, message: error.message };
    }
    done.id = sent[before]?.id;
    done.requests = sent.length - before;
    if (step.progress) done.progress = progress;
    steps.push(done);
  }
  return steps;
}

export async function print(answer) {
  await new Promise((done) => process.stdout.write(JSON.stringify(answer) + '\n', done));
  process.exit(0);
}
