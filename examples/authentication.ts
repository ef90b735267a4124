// Authentication. The hook receives the handshake and returns the principal, which owns the connection and its runs.
//
//   npm install agent-ws
//   node authentication.ts      Node 22.18 or later; earlier versions: npx tsx authentication.ts
//
// A program sends the token in a header. A page of the same site sends it in a cookie, automatically:
//
//   Authorization: Bearer alice-secret
//   Cookie: token=alice-secret
//
// A page of another site can send neither. The client of agent-ws offers its `token` as the last subprotocol:
//
//   Sec-WebSocket-Protocol: agent-ws.v1, alice-secret
//
// A token in the query string also works, but proxies write it into their logs.
import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { AgentSocketError, createAgentSocketServer, tokenOf, type Principal } from 'agent-ws';
import { createDemoProvider } from 'agent-ws/demo';
import { createOpenAiProvider } from 'agent-ws/openai';

/** Runs belong to the `id`. The other fields are your own. */
interface User extends Principal {
  readonly name: string;
  readonly blocked: boolean;
}

// Replaces your database, which stores hashes instead of tokens.
const users = new Map<string, User>([
  [hash('alice-secret'), { id: 'user-1', name: 'Alice', blocked: false }],
  [hash('bob-secret'), { id: 'user-2', name: 'Bob', blocked: false }],
  [hash('mallory-secret'), { id: 'user-3', name: 'Mallory', blocked: true }],
]);

const {
  PORT = '8003',
  OPENAI_API_KEY: apiKey,
  OPENAI_BASE_URL: baseUrl = 'https://api.openai.com/v1',
  OPENAI_MODEL: model = 'gpt-4o-mini',
} = process.env;

const server = http.createServer();
const agent = createAgentSocketServer({
  server,
  provider: apiKey ? createOpenAiProvider({ apiKey, baseUrl, model }) : createDemoProvider(),
  async authenticate(request): Promise<User | null> {
    const user = await findUser(tokenOf(request) ?? cookieOf(request));
    // `null` closes the connection with 4401; this error closes it with 4403.
    if (user?.blocked === true) throw new AgentSocketError('forbidden', 'This account is blocked');
    return user ?? null;
  },
});
server.on('request', agent.requestListener);

agent.connections.on('connect', ({ principal }) => {
  console.log(`${principal.name} is here`);
});

function cookieOf({ headers }: http.IncomingMessage): string {
  return /(?:^|;\s*)token=([^;\s]+)/.exec(headers.cookie ?? '')?.[1] ?? '';
}

function findUser(token: string): Promise<User | undefined> {
  return Promise.resolve(users.get(hash(token)));
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws/agent`);
});
