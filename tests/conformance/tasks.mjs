// The fixtures of the tasks extension (io.modelcontextprotocol/tasks), which the SDK leaves to the server.
import { createRequire } from 'node:module';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const require = createRequire(process.env.DOORWARD_PEERS + '/');
const { MissingRequiredClientCapabilityError, ProtocolError, acceptedContent, fromJsonSchema, inputRequired }
  = require('@modelcontextprotocol/server');

export const EXTENSION = 'io.modelcontextprotocol/tasks';
const INVALID_PARAMS = -32602;
const text = (value) => ({ content: [{ type: 'text', text: value }] });
const any = fromJsonSchema({ type: 'object', properties: { taskId: { type: 'string' } }, required: ['taskId'] });

const declared = ({ mcpReq }) =>
  mcpReq.envelope?.['io.modelcontextprotocol/clientCapabilities']?.extensions?.[EXTENSION] !== undefined;

const tasks = new Map();

class Task {
  taskId = randomUUID();
  status = 'working';
  createdAt = new Date().toISOString();
  lastUpdatedAt = this.createdAt;
  waiting = new Map(); // key -> { request, answer }: what the client has to answer yet

  constructor(work) {
    tasks.set(this.taskId, this);
    this.run(work);
  }

  async run(work) {
    try {
      this.end('completed', { result: await work(this) });
    } catch (error) {
      this.end('failed', { error: { code: error.code ?? -32603, message: error.message } });
    }
  }

  end(status, outcome) {
    if (!['working', 'input_required'].includes(this.status)) return;
    this.waiting.clear();
    Object.assign(this, { status, outcome, lastUpdatedAt: new Date().toISOString() });
  }

  ask(key, request) {
    this.status = 'input_required';
    return new Promise((answer) => this.waiting.set(key, { request, answer }));
  }

  update(responses) {
    for (const [key, response] of Object.entries(responses)) {
      this.waiting.get(key)?.answer(response);
      this.waiting.delete(key);
    }
    if (this.status === 'input_required' && this.waiting.size === 0) this.status = 'working';
  }

  head() {
    const { taskId, status, createdAt, lastUpdatedAt } = this;
    return { taskId, status, createdAt, lastUpdatedAt, ttlMs: 60_000, pollIntervalMs: 100 };
  }

  detail() {
    const asked = [...this.waiting].map(([key, { request }]) => [key, request]);
    return { ...this.head(), ...this.outcome, ...(asked.length > 0 ? { inputRequests: Object.fromEntries(asked) } : {}) };
  }
}

const question = (message) => inputRequired.elicit({
  message, requestedSchema: { type: 'object', properties: { name: { type: 'string' }, confirm: { type: 'boolean' } } },
});

const WORK = {
  slow_compute: ({ seconds = 0, label }) => async () => {
    await sleep(1000 * seconds);
    return text(`Computed ${label}`);
  },
  failing_job: () => async () => ({ ...text('The job failed'), isError: true }),
  protocol_error_job: () => async () => {
    throw new ProtocolError(-32603, 'The job broke');
  },
  confirm_delete: ({ filename }) => async (task) => {
    const said = await task.ask('confirm', question(`Delete ${filename}?`));
    return text(`${filename}: ${said.action}`);
  },
  multi_input: () => async (task) => {
    const said = await Promise.all(['first', 'second'].map((key) => task.ask(key, question(`The ${key}?`))));
    return text(`Got ${said.length}`);
  },
};
const NEEDS_TASK = ['failing_job', 'confirm_delete', 'multi_input', 'test_tool_with_task'];

export function add_task_tools(server, tool) {
  tool('greet', ({ name }) => text(`Hello, ${name}!`));
  const begin = (name, context, make, args) => {
    if (declared(context)) return { resultType: 'task', ...new Task(make(args)).head() };
    if (!NEEDS_TASK.includes(name)) return make({ ...args, seconds: 0 })(); // who waits for it need not wait long
    throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { extensions: { [EXTENSION]: {} } } });
  };
  const object = (properties) => ({ type: 'object', properties });
  for (const [name, work] of Object.entries(WORK)) {
    tool(name, (args, context) => begin(name, context, work, args),
      object({ seconds: { type: 'number' }, label: { type: 'string' }, filename: { type: 'string' } }));
  }
  tool('test_tool_with_task', (_, context) => {
    const said = acceptedContent(context.mcpReq.inputResponses, 'user_name');
    if (!said) return inputRequired({ inputRequests: { user_name: question('What is your name?') } });
    return begin('test_tool_with_task', context, () => async () => text(`Done for ${said.name}`));
  });
  const on = (method, act) => server.server.setRequestHandler(method, { params: any }, (params, context) => {
    if (!declared(context)) {
      throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { extensions: { [EXTENSION]: {} } } });
    }
    const task = tasks.get(params.taskId);
    if (!task) throw new ProtocolError(INVALID_PARAMS, 'No such task');
    return act(task, context.mcpReq.inputResponses ?? {}) ?? {};
  });
  on('tasks/get', (task) => task.detail());
  on('tasks/cancel', (task) => task.end('cancelled'));
  on('tasks/update', (task, responses) => task.update(responses));
}
