import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { ConversationMessage } from '../../../src/index.js';
import type { RoomBounds } from '../../../src/store/room-store.js';
import { Encryption, keyIdOf } from '../../../src/stores/encryption.js';
import { readStoreKeys, type SqliteStore, type SqliteStoreOptions } from '../../../src/stores/sqlite.js';
import { loadDriver } from '../../../src/stores/sqlite/driver.js';
import { untilPublished } from '../../../src/testing/conformance/until-published.js';
import { chunk, createRun, metaOf, openStore, temporaryDatabase, textOf } from '../../helpers/sqlite.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const SECRET = 'the secret of the pineapple';
const BROKEN = `${SECRET} \ud83d`;
const TALK = { owner: 'ann', id: 'talk' };
const IDS = { ended: randomUUID(), waiting: randomUUID(), message: randomUUID() };

const BOUNDS: RoomBounds = {
  maxEvents: 100,
  maxBytes: 1_000_000,
  maxAgeMs: 86_400_000,
  maxRooms: 10,
  maxAllBytes: 10_000_000,
};

function message(): ConversationMessage {
  return { id: IDS.message, role: 'user', content: SECRET, runId: IDS.ended, createdAt: 1 };
}

/** Writes the secret everywhere a store keeps content. */
async function fill(store: SqliteStore): Promise<void> {
  const ended = createRun(store, { ...metaOf(IDS.ended), requestHash: SECRET });
  ended.append(chunk(1, SECRET));
  ended.append(chunk(2, BROKEN));
  ended.append({ type: 'stream_end', seq: 3, timestamp: 1, encoded: JSON.stringify({ content: SECRET }) });
  await untilPublished(ended, 3);
  store.runs.setState('ann', IDS.ended, 'finished');
  const waiting = createRun(store, metaOf(IDS.waiting));
  waiting.append(chunk(1, SECRET));
  await untilPublished(waiting, 1);
  store.runs.keepDraft('ann', IDS.waiting, SECRET);
  store.runs.keepDraft('ann', IDS.waiting, BROKEN);
  store.runs.setState('ann', IDS.waiting, 'waiting_approval', SECRET);
  store.conversations.append(TALK, [message()], [{ id: 'file', bytes: Buffer.from(SECRET) }]);
  store.conversations.update(TALK, { title: SECRET, metadata: { note: SECRET } });
  const room = store.rooms.open('team', BOUNDS);
  for (const content of [SECRET, BROKEN]) {
    await room.append({ createdAt: Date.now() / 1_000, body: `{"content":${JSON.stringify(content)}` });
  }
  store.runs.commit();
}

async function expectFilled(store: SqliteStore): Promise<void> {
  const ended = store.runs.open('ann', IDS.ended);
  expect(ended?.meta.requestHash).toBe(SECRET);
  expect(ended && (await textOf(ended.log))).toBe(`${SECRET}${BROKEN}${SECRET}`);
  const waiting = store.runs.open('ann', IDS.waiting);
  expect(waiting && [waiting.draft, waiting.checkpoint]).toEqual([`${SECRET}${BROKEN}`, SECRET]);
  expect(waiting && (await textOf(waiting.log))).toBe(SECRET);
  expect(store.conversations.read(TALK, { limit: 5 }).items).toEqual([message()]);
  expect(store.conversations.find(TALK)).toMatchObject({ title: SECRET, metadata: { note: SECRET } });
  expect(store.conversations.list('ann', { limit: 5 }).items[0]?.title).toBe(SECRET);
  expect(Buffer.from(store.conversations.attachment(TALK, 'file') ?? []).toString()).toBe(SECRET);
  expect(saidIn(store)).toEqual([
    { content: SECRET, seq: 1 },
    { content: BROKEN, seq: 2 },
  ]);
}

function saidIn(store: SqliteStore): unknown[] {
  return store.rooms
    .open('team', BOUNDS)
    .read(0)
    .map(({ encoded }): unknown => JSON.parse(encoded));
}

/** Whether a file of the database has the secret, as UTF-8 or UTF-16. */
function leaks(path: string): boolean {
  const files = ['', '-wal', '-journal'].map((suffix) => path + suffix).filter((file) => existsSync(file));
  return files.some((file) => {
    const bytes = readFileSync(file);
    return bytes.includes('pineapple') || bytes.includes(Buffer.from('pineapple', 'utf16le'));
  });
}

async function rotated(options: Partial<SqliteStoreOptions>): Promise<SqliteStore> {
  const store = await openStore(options);
  await vi.waitFor(() => expect(store.rotation).toBeUndefined(), { timeout: 10_000 });
  return store;
}

describe('a store with keys', () => {
  it('keeps nothing readable of what was said, and gives everything back', async () => {
    const path = temporaryDatabase();
    const keys = [randomBytes(32)];
    const store = await openStore({ path, keys });
    await fill(store);
    await expectFilled(store);
    expect(leaks(path)).toBe(false);
    await store.close();
    expect(leaks(path)).toBe(false);
    await expectFilled(await openStore({ path, keys }));
    // The search finds what is there.
    const plain = temporaryDatabase();
    await fill(await openStore({ path: plain }));
    expect(leaks(plain)).toBe(true);
  });

  it('encrypts what was stored without keys, and leaves nothing of it in the file', async () => {
    const path = temporaryDatabase();
    const first = await openStore({ path });
    await fill(first);
    await first.close();
    expect(leaks(path)).toBe(true);
    const info = vi.fn();
    const logger = { debug: vi.fn(), info, warn: vi.fn(), error: vi.fn() };
    const store = await rotated({ path, keys: [randomBytes(32)], logger });
    await expectFilled(store);
    expect(leaks(path)).toBe(false);
    await vi.waitFor(() =>
      expect(info).toHaveBeenCalledWith(
        expect.objectContaining({ changed: 15 }),
        'All stored content is encrypted with the first key: other keys are no longer needed',
      ),
    );
  });

  it('changes its key in steps, after which the old key is not needed', async () => {
    const path = temporaryDatabase();
    const [old, next] = [randomBytes(32), randomBytes(32)];
    const first = await openStore({ path, keys: [old] });
    await fill(first);
    for (let count = 0; count < 2_000; count++) {
      first.conversations.append({ owner: 'bob', id: `${count % 7}` }, [{ ...message(), id: randomUUID() }]);
    }
    await first.close();

    const second = await openStore({ path, keys: [next, old] });
    await expectFilled(second);
    const keyId = keyIdOf(next);
    expect(second.rotation).toMatchObject({ keyId });
    await second.close();
    // It goes on where it was, and until its end both keys are needed.
    await expect(openStore({ path, keys: [next] })).rejects.toThrow(`is encrypted with the key ${keyIdOf(old)}, and`);
    await (await rotated({ path, keys: [next, old] })).close();
    const last = await openStore({ path, keys: [next] });
    await expectFilled(last);
    expect(last.rotation).toBeUndefined();
  });

  it('says which key is missing, and lets go of the file', async () => {
    const path = temporaryDatabase();
    const [right, wrong] = [randomBytes(32), randomBytes(32)];
    await (await openStore({ path, keys: [right] })).close();
    await expect(openStore({ path })).rejects.toThrow(
      `The database ${path} is encrypted with the key ${keyIdOf(right)}, and no key is given`,
    );
    await expect(openStore({ path, keys: [wrong] })).rejects.toThrow(
      `The database ${path} is encrypted with the key ${keyIdOf(right)}, and the given keys are ${keyIdOf(wrong)}`,
    );
    await openStore({ path, keys: [right] });
  });

  it('finds out that content was moved', async () => {
    const path = temporaryDatabase();
    const keys = [randomBytes(32)];
    const store = await openStore({ path, keys });
    await fill(store);
    store.conversations.append({ owner: 'bob', id: 'other' }, [{ ...message(), id: 'b', content: 'of bob' }]);
    await store.close();
    const moved = temporaryDatabase();
    cpSync(path, moved);
    const { DatabaseSync } = await loadDriver();
    const connection = new DatabaseSync(moved);
    connection.exec(`UPDATE messages SET body = (SELECT body FROM messages WHERE id = 'b') WHERE id <> 'b'`);
    connection.close();
    const broken = await openStore({ path: moved, keys });
    expect(() => broken.conversations.read(TALK, { limit: 5 })).toThrow('Stored content was changed from outside');
    expect(broken.conversations.read({ owner: 'bob', id: 'other' }, { limit: 5 }).items[0]?.content).toBe('of bob');
  });

  it.each([[[]], [[randomBytes(31)]], [['x'.repeat(32)]], ['x'], [Array<Buffer>(2).fill(randomBytes(32))]])(
    'refuses %j as keys',
    async (keys) => {
      await expect(openStore({ keys: keys as Buffer[] })).rejects.toThrow(
        'Option "keys" must be an array of different keys of 32 bytes',
      );
    },
  );
});

describe('Encryption', () => {
  const place = { table: 'messages', group: 1, field: 'a' };

  it('gives the same text another form each time, and refuses it at any other place, epoch or with any other bit', () => {
    const keys = [randomBytes(32)];
    const encryption = new Encryption(keys, 'epoch');
    const [one, two] = [encryption.seal(Buffer.from(SECRET), place), encryption.seal(Buffer.from(SECRET), place)];
    expect(one.equals(two)).toBe(false);
    expect(encryption.open(one, place).toString()).toBe(SECRET);
    for (const other of [
      { ...place, table: 'entries' },
      { ...place, group: 2 },
      { ...place, field: 'b' },
    ]) {
      expect(() => encryption.open(one, other)).toThrow('Stored content was changed from outside');
    }
    expect(() => new Encryption(keys, 'other').open(one, place)).toThrow('changed from outside');
    for (let index = 0; index < one.length; index++) {
      const changed = Buffer.from(one);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(() => encryption.open(changed, place), `byte ${index}`).toThrow();
    }
    expect(() => encryption.open(one.subarray(0, 20), place)).toThrow('changed from outside');
  });
});

describe('readStoreKeys', () => {
  const write = (text: string): string => {
    const path = join(temporaryDirectory(), 'keys');
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };

  it('reads base64 and hexadecimal, one a line, and says who else can read the file', () => {
    const [one, two] = [randomBytes(32), randomBytes(32)];
    const path = write(`# new\n${one.toString('base64')}\n\n  ${two.toString('hex')}  \r\n`);
    expect(readStoreKeys(path)).toEqual({ keys: [one, two], isReadableByOthers: false });
    chmodSync(path, 0o644);
    expect(readStoreKeys(path).isReadableByOthers).toBe(true);
  });

  it.each([
    ['', 'has no key'],
    ['# nothing\n', 'has no key'],
    [`${randomBytes(32).toString('base64')}\nhunter2\n`, 'Line 2 of '],
    [randomBytes(16).toString('base64'), 'Line 1 of '],
  ])('names what is wrong with %j, and not what it says', (text, reason) => {
    const path = write(text);
    expect(() => readStoreKeys(path)).toThrow(reason);
    expect(() => readStoreKeys(path)).not.toThrow('hunter2');
  });
});
