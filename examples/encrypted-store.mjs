// Runs and conversations in an encrypted SQLite file, and how its key is changed.
//
//   npm install agent-ws @photostructure/sqlite      Node 22.13 and later contain SQLite
//   (umask 077; openssl rand -base64 32 > store.keys)
//   node encrypted-store.mjs
//
// To change the key, put a new one above the old one and restart:
//
//   (umask 077; openssl rand -base64 32 | cat - store.keys > new.keys && mv new.keys store.keys)
//   node encrypted-store.mjs
//
// Content is encrypted anew while the service runs. When the program says so, remove the old key from store.keys. Keep a
// copy of the keys apart from the database: nobody can read the database without them.
import http from 'node:http';
import { calculator, createAgentSocketServer, currentTime } from 'agent-ws';
import { createDemoProvider } from 'agent-ws/demo';
import { createSqliteStore, readStoreKeys } from 'agent-ws/sqlite';

const { PORT = '8003', DATABASE = 'agent.db', KEYS = 'store.keys' } = process.env;

// The first key encrypts, all keys decrypt. Keys may also come from a vault: `keys` takes arrays of 32 bytes.
const { keys, isReadableByOthers } = readStoreKeys(KEYS);
if (isReadableByOthers) console.warn(`Others can read ${KEYS}: chmod 600 ${KEYS}`);
const store = await createSqliteStore({ path: DATABASE, keys });

const server = http.createServer();
const agent = createAgentSocketServer({
  server,
  store,
  provider: createDemoProvider(),
  tools: [calculator, currentTime],
});
server.on('request', agent.requestListener);

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/static/test_websocket.html`);
});

// `rotation` says how far the change of the key is, and is undefined when only the first key is needed.
const timer = setInterval(() => {
  if (store.rotation !== undefined) return;
  clearInterval(timer);
  console.log('Everything is encrypted with the first key');
}, 100);

// Whoever opens the store closes it, after the server.
process.once('SIGTERM', async () => {
  clearInterval(timer);
  await agent.close({ drainMs: 5_000, closeCode: 'draining' });
  await store.close();
  server.close();
});
