// The tools, resources and prompts that the conformance suites ask for by name, on the v2 SDK. A handler that asks the
// client something returns an input-required result; toward a legacy client the SDK turns it into real requests.
import { createRequire } from 'node:module';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXTENSION, add_task_tools } from './tasks.mjs';

const require = createRequire(process.env.DOORWARD_PEERS + '/');
const sdk = require('@modelcontextprotocol/server');
const { McpServer, ResourceTemplate, acceptedContent, createRequestStateCodec, fromJsonSchema, inputRequired } = sdk;
const { inputResponse } = sdk;

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC';
const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQIAAACAgA==';
const PAUSE = 50; // milliseconds between two notifications of one call

const TEXT = { type: 'string' };
const text = (value) => ({ content: [{ type: 'text', text: value }] });
const says = (role, content) => ({ messages: [content].flat().map((one) => ({ role, content: one })) });
const object = (properties, required = Object.keys(properties)) => ({ type: 'object', properties, required });
const state = createRequestStateCodec({ key: randomBytes(32) });

const ask = (message, properties, required) =>
  inputRequired.elicit({ message, requestedSchema: object(properties, required) });
const askModel = (prompt, maxTokens) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens });

const NAME_QUESTION = () => ask('What is your name?', { name: TEXT });

// A tool that asks `questions(arguments, context)` and answers by `done(responses, arguments)` once each has a response
// of its kind; `kept` goes to the client and back as the request's state.
function asks(questions, done, kept) {
  return async (args, context) => {
    const inputRequests = questions(args, context);
    const responses = context.mcpReq.inputResponses;
    const views = Object.fromEntries(Object.keys(inputRequests).map((key) => [key, inputResponse(responses, key)]));
    if (Object.values(views).every((view) => view.kind !== 'missing')) return done(views, args, context);
    return inputRequired({ inputRequests, ...(kept ? { requestState: await state.mint(kept) } : {}) });
  };
}

const replied = ({ answer }) => text(`User response: action=${answer.action}, content=${JSON.stringify(answer.content)}`);

const DEFAULTS = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
};
const OPTIONS = ['option1', 'option2', 'option3'];
const titled = (what) =>
  ['First', 'Second', 'Third'].map((nth, index) => ({ const: `value${index + 1}`, title: `${nth} ${what}` }));
const ENUMS = {
  untitledSingle: { type: 'string', enum: OPTIONS },
  titledSingle: { type: 'string', oneOf: titled('Option') },
  legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
  untitledMulti: { type: 'array', items: { type: 'string', enum: OPTIONS } },
  titledMulti: { type: 'array', items: { anyOf: titled('Choice') } },
};

const SCHEMA_2020_12 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: { address: { $anchor: 'addressDef', type: 'object', properties: { street: TEXT, city: TEXT } } },
  properties: {
    name: TEXT,
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: TEXT,
    email: TEXT,
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

function add_content_tools(tool) {
  tool('test_simple_text', () => text('This is a simple text response for testing.'));
  tool('test_image_content', () => ({ content: [{ type: 'image', data: PNG, mimeType: 'image/png' }] }));
  tool('test_audio_content', () => ({ content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }] }));
  const embedded = {
    uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'This is an embedded resource content.',
  };
  tool('test_embedded_resource', () => ({ content: [{ type: 'resource', resource: embedded }] }));
  const mixed = {
    uri: 'test://mixed-content-resource', mimeType: 'application/json', text: '{"test":"data","value":123}',
  };
  tool('test_multiple_content_types', () => ({
    content: [{ type: 'text', text: 'Multiple content types test:' }, { type: 'image', data: PNG, mimeType: 'image/png' },
      { type: 'resource', resource: mixed }],
  }));
  tool('test_error_handling', () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
  tool('json_schema_2020_12_tool', (args) => text(JSON.stringify(args)), SCHEMA_2020_12);
  tool('test_header_parameter', ({ region }) => text(`region: ${region}`),
    object({ region: { ...TEXT, 'x-mcp-header': 'Region' } }));
}

function add_notifying_tools(tool, announce) {
  tool('test_tool_with_logging', async (_, { mcpReq }) => {
    await mcpReq.log('info', 'Tool execution started');
    await sleep(PAUSE);
    await mcpReq.log('info', 'Tool processing data');
    await sleep(PAUSE);
    await mcpReq.log('info', 'Tool execution completed');
    return text('Logged three times');
  });
  tool('test_logging_tool', async (_, { mcpReq }) => {
    await mcpReq.log('info', 'Only for those who ask');
    return text('Logged once');
  });
  tool('test_tool_with_progress', async (_, { mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progress > 0) await sleep(PAUSE);
      if (progressToken === undefined) continue;
      await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
    }
    return text('Progressed to 100');
  });
  tool('test_reconnection', async (_, { http }) => {
    http?.closeSSE?.();
    await sleep(2 * PAUSE);
    return text('The client came back for this');
  });
  tool('test_trigger_tool_change', () => {
    announce.toolsChanged();
    return text('Tools changed');
  });
  tool('test_trigger_prompt_change', () => {
    announce.promptsChanged();
    return text('Prompts changed');
  });
}

function add_asking_tools(tool) {
  const model = ({ answer }) => text(`LLM response: ${answer.result?.content?.text}`);
  tool('test_sampling', asks(({ prompt }) => ({ answer: askModel(prompt, 100) }), model), object({ prompt: TEXT }));
  tool('test_missing_capability', asks(() => ({ answer: askModel('Any model there?', 100) }), model));
  tool('test_elicitation',
    asks(({ message }) => ({ answer: ask(message, { username: TEXT, email: TEXT }) }), replied), object({ message: TEXT }));
  tool('test_streaming_elicitation', asks(() => ({ answer: NAME_QUESTION() }), replied));
  tool('test_elicitation_sep1034_defaults', asks(() => ({ answer: ask('Please review', DEFAULTS, []) }), replied));
  tool('test_elicitation_sep1330_enums', asks(() => ({ answer: ask('Please choose', ENUMS, []) }), replied));
}

function add_input_required_tools(server, tool) {
  const add = (name, ...rest) => tool(`test_input_required_result_${name}`, asks(...rest));
  add('elicitation', () => ({ user_name: NAME_QUESTION() }), (got) => text(`Hello, ${got.user_name.content?.name}!`));
  add('sampling', () => ({ capital_question: askModel('What is the capital of France?', 100) }),
    (got) => text(got.capital_question.result?.content?.text));
  add('list_roots', () => ({ client_roots: inputRequired.listRoots() }),
    (got) => text(`Roots: ${got.client_roots.roots?.map((root) => root.uri).join(', ')}`));
  const confirm = () => ({ confirm: ask('Please confirm', { ok: { type: 'boolean' } }) });
  const stated = (_, __, { mcpReq }) => text(mcpReq.requestState()?.round === 1 ? 'state-ok' : 'no state');
  add('request_state', confirm, stated, { round: 1 });
  add('tampered_state', confirm, stated, { round: 1 });
  add('multiple_inputs', () => ({ user_name: NAME_QUESTION(), greeting: askModel('Generate a greeting', 50),
    client_roots: inputRequired.listRoots() }), () => text('All three came'), { round: 1 });
  tool('test_input_required_result_multi_round', async (_, { mcpReq }) => {
    const before = mcpReq.requestState() ?? { round: 0 };
    const step = `step${before.round}`;
    const said = before.round > 0 && acceptedContent(mcpReq.inputResponses, step);
    const { round, name } = said ? { round: before.round + 1, name: said.name ?? before.name } : { ...before, round: Math.max(before.round, 1) };
    if (round === 3) return text(`${name} likes ${said.color}`);
    const question = round === 1 ? ask('Step 1: What is your name?', { name: TEXT })
      : ask('Step 2: What is your favorite color?', { color: TEXT });
    return inputRequired({ inputRequests: { [`step${round}`]: question }, requestState: await state.mint({ round, name }) });
  });
  const able = (_, { mcpReq }) => {
    const described = mcpReq.envelope?.['io.modelcontextprotocol/clientCapabilities'];
    const capabilities = described ?? server.server.getClientCapabilities() ?? {};
    return { ...(capabilities.sampling ? { answer: askModel('Are you there?', 10) } : {}),
      ...(capabilities.elicitation ? { user_name: NAME_QUESTION() } : {}) };
  };
  add('capabilities', able, () => text('Asked for what the client can do'));
}

function add_resources(server) {
  const add = (name, uri, contents) => server.registerResource(name, uri,
    { mimeType: contents.mimeType, description: `Conformance fixture ${name}` }, () => ({ contents: [{ uri, ...contents }] }));
  add('static-text', 'test://static-text', { mimeType: 'text/plain', text: 'This is the content of the static text resource.' });
  add('static-binary', 'test://static-binary', { mimeType: 'image/png', blob: PNG });
  add('watched-resource', 'test://watched-resource', { mimeType: 'text/plain', text: 'Watched' });
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
  server.registerResource('template', template, { mimeType: 'application/json' }, (uri, { id }) => ({
    contents: [{ uri: uri.href, mimeType: 'application/json',
      text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) }],
  }));
}

function add_prompts(server) {
  const add = (name, reply, properties) => server.registerPrompt(name, { description: `Conformance fixture ${name}`,
    ...(properties ? { argsSchema: fromJsonSchema(object(properties)) } : {}) }, reply);
  add('test_simple_prompt', () => says('user', { type: 'text', text: 'This is a simple prompt for testing.' }));
  add('test_prompt_with_arguments', ({ arg1, arg2 }) =>
    says('user', { type: 'text', text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` }), { arg1: TEXT, arg2: TEXT });
  add('test_prompt_with_embedded_resource', ({ resourceUri: uri }) => says('user', [
    { type: 'resource', resource: { uri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' } },
    { type: 'text', text: 'Please process the embedded resource above.' }]), { resourceUri: TEXT });
  add('test_prompt_with_image', () => says('user', [{ type: 'image', data: PNG, mimeType: 'image/png' },
    { type: 'text', text: 'Please analyze the image above.' }]));
  add('test_input_required_result_prompt', async (context) => {
    const question = ask('What context should the prompt use?', { context: TEXT });
    const said = acceptedContent(context.mcpReq.inputResponses, 'user_context');
    if (!said) return inputRequired({ inputRequests: { user_context: question } });
    return says('user', { type: 'text', text: `Context: ${said.context}` });
  });
}

/// A server with every fixture. `announce.toolsChanged` and `.promptsChanged` tell whoever listens, in either era.
export function build(announce) {
  const capabilities = {
    tools: { listChanged: true }, prompts: { listChanged: true }, resources: { subscribe: true, listChanged: true },
    logging: {}, completions: {}, extensions: { [EXTENSION]: {} },
  };
  const server = new McpServer({ name: 'conformance-server', version: '1' },
    { capabilities, requestState: { verify: state.verify } });
  const tool = (name, handler, schema = object({})) => server.registerTool(name,
    { description: `Conformance fixture ${name}`, inputSchema: fromJsonSchema(schema) }, handler);
  add_content_tools(tool);
  add_notifying_tools(tool, announce);
  add_asking_tools(tool);
  add_input_required_tools(server, tool);
  add_task_tools(server, tool);
  add_resources(server);
  add_prompts(server);
  server.server.setRequestHandler('completion/complete', ({ params }) => {
    const values = ['paris', 'park', 'party'].filter((value) => value.startsWith(params.argument.value));
    return { completion: { values, total: values.length, hasMore: false } };
  });
  server.server.setRequestHandler('resources/subscribe', () => ({}));
  server.server.setRequestHandler('resources/unsubscribe', () => ({}));
  return server;
}
