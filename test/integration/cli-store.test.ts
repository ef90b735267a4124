import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { keyIdOf } from '../../src/stores/encryption.js';
import { loadDriver } from '../../src/stores/sqlite/driver.js';
import { TestClient } from '../../src/testing/index.js';
import { runCli, startCli } from '../helpers/cli-process.js';
import { runHere } from '../helpers/command-here.js';
import { createRun, metaOf, openStore, temporaryDatabase } from '../helpers/sqlite.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

const TALK = { owner: 'ann', id: 'talk' };

/** A database with one conversation, which was large, and one run. */
async function database(keys?: readonly Uint8Array[]): Promise<string> {
  const path = temporaryDatabase();
  const store = await openStore({ path, keys });
  const question = { role: 'user', content: '6 * 7 = ?', runId: 'r', createdAt: 1 } as const;
  const [first, second] = [randomUUID(), randomUUID()];
  const attachment = { id: 'file', bytes: Buffer.from('a file') };
  store.conversations.append(
    TALK,
    [
      { id: first, ...question },
      { id: second, parentId: first, ...question },
    ],
    [attachment],
  );
  store.conversations.update(TALK, { title: 'Sums', metadata: { pinned: true } });
  const run = metaOf(randomUUID());
  createRun(store, run).append({ type: 'stream_chunk', seq: 1, timestamp: 1, content: '42' });
  store.runs.setState('ann', run.id, 'finished');
  store.conversations.append({ owner: 'bob', id: 'b' }, [{ id: 'x', ...question, content: 'x'.repeat(9_000_000) }]);
  store.conversations.delete({ owner: 'bob', id: 'b' });
  store.conversations.append({ owner: 'bob', id: 'b' }, []);
  store.runs.expire();
  const bounds = { maxEvents: 9, maxBytes: 9_000, maxAllBytes: 9_000, maxAgeMs: 9_000, maxRooms: 9 };
  const room = store.rooms.open('team', bounds);
  await room.append({
    createdAt: Date.now() / 1_000,
    body: '{"type":"room_event","room":"team","content":"said aloud"',
  });
  await store.close();
  return path;
}

it('checks, compacts and exports a database', async () => {
  const path = await database();
  const checked = await runCli(['store', 'check', path]);
  expect(checked).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(checked.stdout)).toMatchObject({
    isSound: true,
    conversations: 2,
    messages: 2,
    runs: 1,
    rooms: 1,
    roomEvents: 1,
    keys: [],
  });

  const compacted = await runHere(['store', 'compact', `sqlite:${path}`]);
  const { bytesBefore, bytesAfter } = JSON.parse(compacted.stdout) as Record<string, number>;
  expect(compacted.code).toBe(0);
  expect(bytesAfter).toBeLessThan(500_000);
  expect(bytesBefore).toBeGreaterThan(bytesAfter ?? 0);
  expect(statSync(path).size).toBe(bytesAfter);

  const exported = await runCli(['store', 'export', path]);
  const lines = exported.stdout.trimEnd().split('\n');
  const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(objects.map(({ type }) => type)).toEqual([
    'store',
    'conversation',
    'message',
    'message',
    'attachment',
    'conversation',
    'run',
    'entry',
    'room',
    'room_event',
  ]);
  const [, talk, first, second, attachment, , , entry, room, event] = objects;
  expect(talk).toMatchObject({
    owner: 'ann',
    id: 'talk',
    title: 'Sums',
    metadata: { pinned: true },
    selected: second?.['id'],
  });
  expect(second).toMatchObject({ content: '6 * 7 = ?', parentId: first?.['id'], conversation: 'talk' });
  expect(attachment).toMatchObject({ base64: Buffer.from('a file').toString('base64') });
  expect(entry).toMatchObject({ kind: 'stream_chunk', text: '42', seq: 1 });
  expect(room).toMatchObject({ name: 'team', head: 1 });
  expect(event).toEqual({
    type: 'room_event',
    message: { type: 'room_event', room: 'team', content: 'said aloud', seq: 1 },
  });
});

it('finds what is broken, and says what it cannot open', async () => {
  const path = await database();
  const { DatabaseSync } = await loadDriver();
  const connection = new DatabaseSync(path);
  connection.exec(`INSERT INTO messages (conversation, id, body) VALUES (99, 'x', '{}')`);
  connection.close();
  const { code, stdout } = await runCli(['store', 'check', path]);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ isSound: false, problems: ['1 messages belong to no conversation'] });

  const missing = join(temporaryDirectory(), 'none.db');
  expect(await runHere(['store', 'check', missing])).toMatchObject({ code: 1, stderr: `"${missing}": no such file\n` });
  expect(existsSync(missing)).toBe(false);
  await openStore({ path });
  expect((await runHere(['store', 'compact', path])).stderr).toContain('belongs to another process');
});

it('exports what is encrypted with its key only, and checks it without', async () => {
  const key = randomBytes(32);
  const path = await database([key]);
  const checked = await runHere(['store', 'check', path]);
  expect(JSON.parse(checked.stdout)).toMatchObject({ isSound: true, keys: [keyIdOf(key)] });
  const refused = await runHere(['store', 'export', path]);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain(`is encrypted with the key ${keyIdOf(key)}, and no key is given`);
  const file = join(temporaryDirectory(), 'keys');
  writeFileSync(file, key.toString('base64'), { mode: 0o644 });
  const exported = await runHere(['store', 'export', path, '--store-key-file', file]);
  expect(exported.stdout).toContain('6 * 7 = ?');
  expect(exported.stdout).toContain('said aloud');
  expect(exported.stderr).toContain('Every user of this machine can read a file with a secret: chmod 600 it');
});

it('encrypts what the service stores, and copies the database of a service that runs', async () => {
  const directory = temporaryDirectory();
  const [path, keys, backup] = ['agent.db', 'keys', 'backup.db'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(keys, randomBytes(32).toString('base64'), { mode: 0o600 });
  const cli = startCli([
    ...['serve', '--host', '127.0.0.1', '--port', '0', '--store', `sqlite:${path}`],
    ...['--store-key-file', keys, '--store-backup', backup],
  ]);
  const { endpoint } = await cli.log('Listening');
  const client = await TestClient.connect(String(endpoint));
  await client.ask({ type: 'agent_query', query: 'Where is the pineapple?', conversation_id: 'talk' });
  for (const file of [path, `${path}-wal`]) expect(readFileSync(file).includes('pineapple'), file).toBe(false);
  process.kill(cli.pid, 'SIGUSR2');
  await cli.log('The database was copied');
  await client.ask({ type: 'agent_query', query: 'And the mango?', conversation_id: 'talk' });
  await client.close();

  expect((statSync(backup).mode & 0o777).toString(8)).toBe('600');
  expect(JSON.parse((await runHere(['store', 'check', backup])).stdout)).toMatchObject({ isSound: true, messages: 2 });
  const exported = await runHere(['store', 'export', backup, '--store-key-file', keys]);
  expect(exported.stdout).toContain('pineapple');
  await vi.waitFor(() => expect(existsSync(`${backup}.part`)).toBe(false));
});

it('ends in order while the database is copied, and the copy is whole', async () => {
  const path = await database();
  const backup = join(temporaryDirectory(), 'backup.db');
  const store = await openStore({ path });
  for (let id = 0; id < 40; id++) {
    const message = { id: 'x', role: 'user', content: 'x'.repeat(1_000_000), runId: 'r', createdAt: 1 } as const;
    store.conversations.append({ owner: 'bob', id: `${id}` }, [message]);
  }
  await store.close();
  const place = ['--host', '127.0.0.1', '--port', '0'];
  const cli = startCli(['serve', ...place, '--store', `sqlite:${path}`, '--store-backup', backup]);
  await cli.log('Listening');
  process.kill(cli.pid, 'SIGUSR2');
  await vi.waitFor(() => expect(existsSync(`${backup}.part`) || existsSync(backup)).toBe(true), { interval: 1 });
  cli.kill('SIGTERM');
  expect(await cli.exited).toBe(0);
  await cli.log('The database was copied');
  expect(JSON.parse((await runHere(['store', 'check', backup])).stdout)).toMatchObject({ isSound: true, messages: 42 });
});

it('refuses at the start to copy a database onto itself', async () => {
  const path = await database();
  const flags = ['--port', '0', '--store', `sqlite:${path}`];
  const { code, stderr } = await runHere(['serve', ...flags, '--store-backup', path]);
  expect(code).toBe(1);
  expect(stderr).toBe(`--store-backup: "${path}" would replace the database, and must have another name\n`);
});
