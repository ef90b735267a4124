import assert from 'node:assert/strict';
import type { RoomBounds, RoomLog, RoomStore } from '../../store/room-store.js';
import type { ConformanceCase } from './conformance-case.js';
import { eventually } from './eventually.js';

const BOUNDS: RoomBounds = {
  maxEvents: 1_000,
  maxBytes: 1_000_000,
  maxAgeMs: 60_000,
  maxRooms: 100,
  maxAllBytes: 10_000_000,
};
const NAMES = ['__proto__', 'constructor', '', 'a b', '漢字', '\ud800', '\ud801', 'a', 'a\0', 'a\0b'];
/** Number of calls that suffice for a store that expires in steps. */
const EXPIRE_CALLS = 50;

/**
 * The requirements of a {@link RoomStore}.
 * @param make - creates an empty store with this clock, which gives Unix milliseconds.
 */
export function roomStoreCases(make: (clock: () => number) => RoomStore | Promise<RoomStore>): ConformanceCase[] {
  async function setUp() {
    let at = 1_000_000;
    const store = await make(() => at);
    return {
      store,
      open: async (name = 'r', bounds: Partial<RoomBounds> = {}) => store.open(name, { ...BOUNDS, ...bounds }),
      say: async (log: RoomLog, content: string) =>
        log.append({ createdAt: at / 1_000, body: `{"type":"room_event","content":${JSON.stringify(content)}` }),
      pass: async (ms: number, bounds: Partial<RoomBounds> = {}) => {
        at += ms;
        for (let calls = 0; calls < EXPIRE_CALLS; calls++) await store.expire({ ...BOUNDS, ...bounds });
      },
    };
  }

  return [
    {
      name: 'bounds the memory of all open rooms, at the cost of who made most',
      run: async () => {
        const { store, say } = await setUp();
        const bounds = { ...BOUNDS, maxAllBytes: 400_000 };
        const quiet = await store.open('quiet', bounds, 'one');
        await say(quiet, 'heard');
        const logs: RoomLog[] = [];
        for (let count = 0; count < 20; count++) {
          const log = await store.open(`many-${count}`, bounds, 'another');
          logs.push(log);
          for (let events = 0; events < 10; events++) await say(log, '€'.repeat(1_000));
        }
        const events = logs.map((log) => log.published - log.first + 1);
        const kept = events.reduce((sum, count) => sum + count, 0);
        assert(kept >= 15 && kept <= 25, `${kept} events of 2 KB in the 50 KB of one`);
        assert.deepEqual(
          events.slice(0, 10),
          Array.from({ length: 10 }, () => 0),
        );
        assert.equal(events.at(-1), 10);
        assert.deepEqual(await contentsAfter(quiet, 0), ['1 heard']);
      },
    },
    {
      name: 'lets nobody lose closed rooms to one who makes many',
      run: async () => {
        const { store, say, pass } = await setUp();
        const bounds = { ...BOUNDS, maxRooms: 10 };
        const make = async (name: string, payer: string): Promise<string> => {
          const log = await store.open(name, bounds, payer);
          await say(log, name);
          store.close(name);
          return log.epoch;
        };
        const before = [await make('a', 'one'), await make('b', 'two')];
        for (let count = 0; count < 40; count++) await make(`many-${count}`, 'another');
        await pass(1_000, { maxRooms: 10 });
        const after = [await store.open('a', bounds, 'one'), await store.open('b', bounds, 'two')];
        assert.deepEqual(
          after.map(({ epoch }) => epoch),
          before,
        );
        assert.equal((await store.open('many-0', bounds, 'another')).published, 0);
        assert.equal((await store.open('many-39', bounds, 'another')).published, 1);
      },
    },
    {
      name: 'begins a log that is empty, with an identity of its own',
      run: async () => {
        const { open } = await setUp();
        const [log, other] = [await open(), await open('s')];
        assert.notEqual(log.epoch, other.epoch);
        assert.deepEqual([log.published, log.first], [0, 1]);
        assert.deepEqual(await log.read(0), []);
      },
    },
    {
      name: 'numbers events and gives them back as they are sent',
      run: async () => {
        const { open, say } = await setUp();
        const log = await open();
        assert.deepEqual(await Promise.all([say(log, 'a'), say(log, 'b'), say(log, '漢\u0000')]), [1, 2, 3]);
        assert.deepEqual([log.published, log.first], [3, 1]);
        const entries = await contentsAfter(log, 0);
        assert.deepEqual(entries, ['1 a', '2 b', '3 漢\u0000']);
        assert.deepEqual(await contentsAfter(log, 2), ['3 漢\u0000']);
      },
    },
    {
      name: 'wakes readers of what is published, and leaves out those that are gone',
      run: async () => {
        const { open, say } = await setUp();
        const log = await open();
        const seen: number[] = [];
        const off = log.onPublished(() => void seen.push(log.published));
        log.onPublished(() => off());
        await say(log, 'a');
        await say(log, 'b');
        await eventually(() => assert.equal(log.published, 2));
        assert.deepEqual(seen, [1]);
      },
    },
    {
      name: 'is one log for all who open the room, and continues it after a close',
      run: async () => {
        const { store, open, say } = await setUp();
        const [log, same] = [await open(), await open()];
        assert.equal(log, same);
        await say(log, 'a');
        store.close('r');
        const again = await open();
        assert.equal(again.epoch, log.epoch);
        assert.equal(await say(again, 'b'), 2);
        assert.deepEqual(await contentsAfter(again, 0), ['1 a', '2 b']);
      },
    },
    {
      name: 'keeps rooms apart, whatever they are called',
      run: async () => {
        const { store, open, say } = await setUp();
        for (const name of NAMES) await say(await open(name), name);
        for (const name of NAMES) store.close(name);
        for (const name of NAMES) assert.deepEqual(await contentsAfter(await open(name), 0), [`1 ${name}`]);
      },
    },
    {
      name: 'keeps the newest events within the bounds, and goes on counting',
      run: async () => {
        const { store, open, say } = await setUp();
        const few = await open('few', { maxEvents: 3 });
        for (const content of 'abcdef') await say(few, content);
        assert.deepEqual([few.first, few.published], [4, 6]);
        assert.deepEqual(await contentsAfter(few, 0), ['4 d', '5 e', '6 f']);
        const small = await open('small', { maxBytes: 3_000 });
        for (let size = 0; size < 10; size++) await say(small, 'x'.repeat(1_000));
        assert(small.first > 7);
        await say(small, 'y'.repeat(9_000));
        assert.equal(small.first, 11);
        store.close('few');
        const again = await open('few', { maxEvents: 3 });
        assert.deepEqual([again.epoch, again.first, again.published], [few.epoch, 4, 6]);
      },
    },
    {
      name: 'drops events that are too old, of an open room too',
      run: async () => {
        const { open, say, pass } = await setUp();
        const log = await open();
        await say(log, 'a');
        await pass(40_000);
        await say(log, 'b');
        await pass(30_000);
        assert.deepEqual([log.first, log.published], [2, 2]);
        await pass(40_000);
        assert.deepEqual([log.first, log.published], [3, 2]);
        assert.deepEqual(await log.read(0), []);
        assert.equal(await say(log, 'c'), 3);
      },
    },
    {
      name: 'deletes closed rooms that are too old or too many, and begins them anew',
      run: async () => {
        const { store, open, say, pass } = await setUp();
        const epochs = new Map<string, string>();
        for (const name of ['old', 'b', 'c', 'open']) {
          const log = await open(name);
          epochs.set(name, log.epoch);
          await say(log, name);
          if (name !== 'open') store.close(name);
          await pass(1_000, { maxRooms: 2 });
        }
        const isSame = async (name: string): Promise<boolean> => (await open(name)).epoch === epochs.get(name);
        assert.deepEqual([await isSame('old'), await isSame('b'), await isSame('open')], [false, true, true]);
        store.close('b');
        await pass(61_000);
        assert.deepEqual([await isSame('b'), await isSame('open')], [false, true]);
        assert.equal((await open('b')).published, 0);
      },
    },
  ];
}

/** The events after a position, each as its `seq` and its content. */
async function contentsAfter(log: RoomLog, after: number): Promise<string[]> {
  const contents: string[] = [];
  for (let position = after; position < log.published;) {
    const entries = await log.read(position);
    assert(entries.length > 0);
    for (const entry of entries) {
      const { seq, content } = JSON.parse(entry.encoded) as { seq: number; content: string };
      assert.deepEqual([entry.seq, entry.firstSeq, entry.type], [seq, seq, 'room_event']);
      contents.push(`${seq} ${content}`);
      position = seq;
    }
  }
  return contents;
}
