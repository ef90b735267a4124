// What a TypeScript project writes against the package. Compiled as ESM and as CommonJS.
import http from 'node:http';
import {
  AgentSocketError,
  createAgentSocketServer,
  defineMessage,
  defineTool,
  type AgentSocketServer,
  type AgentSocketServerOptions,
  type LlmProvider,
  type Principal,
  type ToolCallInfo,
  type ToolContext,
  ToolRegistry,
} from 'agent-ws';
import { createDemoProvider } from 'agent-ws/demo';
import { createOpenAiProvider, type OpenAiProviderOptions } from 'agent-ws/openai';
import { CLOSE_CODES, serverMessages, type ServerMessage, type ServerMessageOf } from 'agent-ws/protocol';
import { createScriptedProvider, linkSockets, TestClient } from 'agent-ws/testing';
import { z } from 'zod';

interface User extends Principal {
  readonly name: string;
}

const provider: LlmProvider = {
  vendor: 'mine',
  async *stream({ messages }, { signal }) {
    signal.throwIfAborted();
    await Promise.resolve();
    for (const { content } of messages) yield { type: 'text-delta', text: content };
  },
};

const tool = defineTool({
  name: 'repeat',
  description: 'Repeats a text.',
  params: z.object({ text: z.string(), times: z.number().default(1) }),
  execute(params, { runId }) {
    const repeated: string = params.text.repeat(params.times);
    // @ts-expect-error the schema knows no such param
    const cause: unknown = params.other;
    if (repeated === '') throw new AgentSocketError('tool_failed', `Nothing to repeat in ${runId}`, { cause });
    return { repeated };
  },
});

interface Tab {
  readonly tab: string;
}

// A tool that knows who asks, as `authenticate` and `metadata` below tell it.
const greet = defineTool({
  name: 'greet',
  description: 'Greets.',
  params: z.object({ word: z.string() }),
  needsApproval: ({ word }, { principal }: ToolCallInfo<User, Tab>) => word !== principal.name,
  execute({ word }, { principal, metadata, conversationId, report }: ToolContext<User, Tab>) {
    const name: string = principal.name;
    const tab: string | undefined = metadata?.tab;
    report({ progress: 1 });
    return { greeting: `${word} ${name}`, tab, conversationId };
  },
});

const server = http.createServer();
export const agent: AgentSocketServer<User, Tab> = createAgentSocketServer({
  server,
  provider,
  tools: [tool, greet],
  authenticate: (request): User | null =>
    request.headers.authorization === undefined ? null : { id: '1', name: 'Ada' },
  metadata: (request, user) => ({ tab: `${user.name} ${request.url ?? ''}` }),
});
agent.connections.on('connect', (connection) => {
  const name: string = connection.principal.name;
  const tab: string = connection.metadata.tab;
  connection.sendMessage({ type: 'welcome', name, tab });
  // @ts-expect-error principals have no such field
  connection.sendMessage({ type: 'age', age: connection.principal.age });
});
agent.messages.register(
  defineMessage({
    type: 'typing',
    schema: z.object({ on: z.boolean() }),
    handle({ on }) {
      const typing: boolean = on;
      agent.connections.broadcast({ type: 'typing', typing });
    },
  }),
);
agent.tools.register(greet);
// @ts-expect-error without `authenticate` nobody has a name
createAgentSocketServer({ server, provider, tools: [greet] });
createAgentSocketServer({
  server,
  provider,
  tools: [greet],
  // @ts-expect-error these principals have none
  authenticate: () => ({ id: '1', age: 36 }),
  metadata: (): Tab => ({ tab: '1' }),
});
createAgentSocketServer({
  server,
  provider,
  tools: [greet],
  // @ts-expect-error these principals have none, also if the type of `request` is inferred
  authenticate: (request) => ({ id: request.url ?? '', age: 36 }),
  metadata: (): Tab => ({ tab: '1' }),
});
// @ts-expect-error no metadata has the tab that the tool reads
createAgentSocketServer({ server, provider, tools: [greet], authenticate: (): User => ({ id: '1', name: 'Ada' }) });
createAgentSocketServer({
  server,
  provider,
  tools: new ToolRegistry([greet]),
  authenticate: (): User => ({ id: '1', name: 'Ada' }),
  metadata: (): Tab => ({ tab: '1' }),
});
// Everything is inferred, with tools of different needs and no annotation.
const inferred = createAgentSocketServer({
  server,
  provider,
  tools: [tool, greet],
  authenticate: (request) => (request.url === undefined ? null : { id: '1', name: 'Ada', plan: request.url }),
  metadata: (request, { plan }) => ({ tab: `${plan} ${request.method ?? ''}`, n: 1 }),
  beforeRun: ({ plan }) => {
    if (plan === 'none') throw new AgentSocketError('forbidden', 'No plan');
  },
  systemPrompt: ({ principal, metadata }) => `${principal.plan} ${metadata?.n ?? 0}`,
  permissions: (user, action) => action === 'page' || action === 'tool' || user.plan === 'all',
});
inferred.connections.on('connect', ({ principal, metadata }) => {
  const plan: string = principal.plan;
  const n: number = metadata.n;
  return { plan, n };
});
// Of what an earlier process or another node began, only `id` and `scopes` are known.
inferred.runs.on('usage', ({ principal }) => {
  const plan: string | undefined = principal.plan;
  return { id: principal.id satisfies string, plan };
});
inferred.runs.on('approval', ({ principal }) => principal.plan satisfies string | undefined);
inferred.rooms.on('join', (_room, _member, principal) => principal.plan satisfies string | undefined);
inferred.rooms.on('message', (_room, _message, principal) => principal?.plan satisfies string | undefined);
// @ts-expect-error it is not always known
inferred.runs.on('usage', ({ principal }) => principal.plan satisfies string);
// Options that are declared before, and wrappers.
export function start<P extends Principal, Metadata>(
  options: Partial<AgentSocketServerOptions<P, Metadata>>,
): AgentSocketServer<P, Metadata> {
  return createAgentSocketServer({ server, provider, ...options });
}
export const declared = (options: AgentSocketServerOptions<User, Tab>): AgentSocketServer<User, Tab> =>
  createAgentSocketServer(options);
createAgentSocketServer<User>({ server, provider, tools: [tool], authenticate: () => ({ id: '1', name: 'Ada' }) });
createAgentSocketServer({
  server,
  provider,
  authenticate: (): User => ({ id: '1', name: 'Ada' }),
  // The policy knows the principal, and of each action what it is about.
  permissions: (user, action, resource) => {
    if (action === 'page') return resource.path !== '/docs';
    if (action === 'tool') return resource.by === 'client' || resource.tool === user.name;
    if (action === 'publish') return resource.room.startsWith('team-');
    return user.name === 'Ada';
  },
});
createAgentSocketServer({
  server,
  provider,
  authenticate: (): User & { readonly email: string } => ({ id: '1', name: 'Ada', email: 'ada@example.com' }),
  // @ts-expect-error a page is loaded before anybody is known
  permissions: (user, action, _resource) => user.email === action,
});
const authenticate = (): User => ({ id: '1', name: 'Ada' });
createAgentSocketServer({ server, provider, authenticate, permissions: (user) => user.id === '1' });
createAgentSocketServer({ server, provider, authenticate, permissions: () => true });
// @ts-expect-error a page is loaded before anybody is known
createAgentSocketServer({ server, provider, authenticate, permissions: (user: User, action) => user.name === action });
// @ts-expect-error there is no such action
createAgentSocketServer({ server, provider, authenticate, permissions: (_user, action) => action === 'refund' });
// @ts-expect-error the policy has to answer at once
createAgentSocketServer({ server, provider, authenticate, permissions: (user, action) => Promise.resolve(action) });
// @ts-expect-error a registry of tools that anybody may call
new ToolRegistry().register(greet);
server.on('request', agent.requestListener);
// @ts-expect-error a provider is required
export const broken = createAgentSocketServer({ server });

const options: OpenAiProviderOptions = { apiKey: 'key', model: 'model' };
export const providers: readonly LlmProvider[] = [createOpenAiProvider(options), createDemoProvider()];

export function describe(message: ServerMessage): string {
  if (message.type === 'stream_chunk') return message.content;
  return message.type === 'error' ? message.code : String(CLOSE_CODES.normal.code);
}
export const pong: ServerMessageOf<'pong'> = serverMessages.pong.parse({ type: 'pong', timestamp: 1 });

export async function test(url: string): Promise<string> {
  const client = await TestClient.connect(url);
  client.send({ type: 'ping' });
  const { timestamp } = await client.next('pong');
  const [ours] = linkSockets();
  return `${timestamp} ${ours.bufferedAmount} ${createScriptedProvider(['Hello']).calls.length}`;
}
