import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { answerServerCalls } from '../lib/server-calls.js';

const [, , upstream, dist, storeKind] = process.argv;

// A built package: what users run.
const load = (entry) => import(pathToFileURL(join(dist, entry)).href);
const { createAgentSocketServer } = await load('index.js');
const { createOpenAiProvider } = await load('openai.js');

async function openStore() {
  const { createSqliteStore } = await load('sqlite.js');
  const directory = mkdtempSync(join(tmpdir(), 'agent-ws-bench-'));
  const store = await createSqliteStore({ path: join(directory, 'bench.db') });
  // The file is held open and goes with the process, however that ends.
  rmSync(directory, { recursive: true, force: true });
  return store;
}

const server = createServer();
const options = {
  server,
  provider: createOpenAiProvider({ apiKey: 'bench', baseUrl: upstream, model: 'bench-model' }),
  maxConnections: 20_000,
  // Earlier builds do not know it.
  ...(existsSync(join(dist, 'encryption.js')) && {
    encryption: { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey },
  }),
  ...(storeKind === 'sqlite' && { store: await openStore() }),
};

// All clients have one address. Limits that nobody reaches cost what limits cost.
const rate = { burst: 1e12, perSecond: 1e12 };
const ofAll = { perPrincipal: rate, perAddress: rate };
const each = { perConnection: rate, ...ofAll };
const limits = {
  maxRunsPerAddress: 1e12,
  maxLogBytesPerAddress: 1e12,
  // One client says everything in the room that is measured.
  roomMemberRate: 1_000_000,
  roomRate: 1_000_000,
  maxRoomMembers: 20_000,
  rateLimits: { messages: each, queries: each, toolCalls: each, tokens: ofAll },
};
function create() {
  try {
    return createAgentSocketServer({ ...options, ...limits });
  } catch (error) {
    // Earlier builds refuse the options of limits.
    if (error.option === undefined) throw error;
    return createAgentSocketServer(options);
  }
}

server.on('request', create().requestListener);
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => answerServerCalls(server.address().port));
