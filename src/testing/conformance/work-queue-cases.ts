import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Ticket, WorkQueue } from '../../store/work-queue.js';
import type { ConformanceCase } from './conformance-case.js';
import { eventually } from './eventually.js';

/** Opens the same line once more, as another process does. */
export type OpenWorkQueue = () => WorkQueue | Promise<WorkQueue>;

const OWNERS = ['ada', '', '__proto__', 'a b', 'a:b', 'a\0', '\ud800', '\ud801', '王'];

/**
 * The requirements of a {@link WorkQueue}.
 * @param makeLine - makes an empty line; what it opens is closed by the cases
 */
export function workQueueCases(makeLine: () => OpenWorkQueue | Promise<OpenWorkQueue>): ConformanceCase[] {
  const define = (name: string, check: (open: () => Promise<WorkQueue>) => Promise<void>): ConformanceCase => ({
    name,
    run: async () => {
      const open = await makeLine();
      const opened: WorkQueue[] = [];
      try {
        await check(async () => {
          const queue = await open();
          opened.push(queue);
          return queue;
        });
      } finally {
        await Promise.all(opened.map((queue) => queue.close()));
      }
    },
  });

  return [
    define('gives each ticket to one of those who take', async (open) => {
      const queue = await open();
      const takers = [taken(await open()), taken(await open()), taken(await open())];
      const tickets = Array.from({ length: 60 }, () => ticket());
      for (const one of tickets) await queue.add(one, 0);
      const all = (): Ticket[] => takers.flatMap((taker) => taker.tickets);
      await eventually(() => assert.equal(all().length, tickets.length));
      assert.deepEqual(idsOf(all()).toSorted(), idsOf(tickets).toSorted());
      await eventually(async () => assert.equal(await queue.size(), 0));
    }),
    define('takes the lower rank first, and of equals the one that was added first', async (open) => {
      const queue = await open();
      const [a1, a2, a3, b1, b2, c1] = [ticket('a'), ticket('a'), ticket('a'), ticket('b'), ticket('b'), ticket('c')];
      const added: [Ticket, number][] = [
        [a1, 0],
        [a2, 1],
        [a3, 2],
        [b1, 0],
        [b2, 1],
        [c1, 0],
      ];
      for (const [one, rank] of added) await queue.add(one, rank);
      const { tickets } = taken(await open(), 1);
      await eventually(() => assert.deepEqual(idsOf(tickets), idsOf([a1, b1, c1, a2, b2, a3])));
    }),
    define('takes a rank beyond all bounds last', async (open) => {
      const queue = await open();
      const [last, first] = [ticket(), ticket()];
      await queue.add(last, Number.MAX_SAFE_INTEGER);
      await queue.add(first, 1000);
      const { tickets } = taken(await open(), 1);
      await eventually(() => assert.deepEqual(idsOf(tickets), idsOf([first, last])));
    }),
    define('knows the places in the line, from every process', async (open) => {
      const [queue, other] = [await open(), await open()];
      assert.equal(await queue.size(), 0);
      assert.deepEqual(await queue.positions([]), []);
      const [a, b, c] = [ticket(), ticket(), ticket()];
      for (const one of [a, b, c]) await queue.add(one, 0);
      assert.deepEqual(await other.positions([c, ticket(), a, b]), [3, undefined, 1, 2]);
      assert.equal(await other.size(), 3);
      await queue.remove(a);
      assert.deepEqual(await other.positions([a, b, c]), [undefined, 1, 2]);
    }),
    define('answers for many tickets at once', async (open) => {
      const queue = await open();
      const tickets = Array.from({ length: 1000 }, () => ticket());
      await Promise.all(tickets.slice(0, 100).map((one) => Promise.resolve(queue.add(one, 0))));
      const places = await queue.positions(tickets);
      assert.equal(places.length, 1000);
      assert.equal(places.filter((place) => place !== undefined).length, 100);
    }),
    define('has a ticket once, and takes it again when it is done', async (open) => {
      const queue = await open();
      const one = ticket();
      const other = await open();
      await Promise.all([queue.add(one, 0), queue.add(one, 0), other.add(one, 5)]);
      assert.equal(await queue.size(), 1);
      const { tickets } = taken(await open());
      await eventually(() => assert.equal(tickets.length, 1));
      await eventually(async () => {
        await queue.add(one, 0);
        assert.ok(tickets.length > 1);
      });
    }),
    define('does not add a ticket that is being worked on', async (open) => {
      const queue = await open();
      const one = ticket();
      const waiting: (() => void)[] = [];
      const taker = taken(await open(), 2, () => new Promise((resolve) => waiting.push(resolve)));
      await queue.add(one, 0);
      await eventually(() => assert.equal(waiting.length, 1));
      await queue.add(one, 0);
      assert.equal(await queue.size(), 0);
      assert.deepEqual(await queue.positions([one]), [undefined]);
      const next = ticket();
      await queue.add(next, 0);
      await eventually(() => assert.equal(taker.tickets.length, 2));
      assert.deepEqual(idsOf(taker.tickets), idsOf([one, next]));
      for (const resolve of waiting) resolve();
    }),
    define('removes a ticket that nobody has taken, and no other', async (open) => {
      const queue = await open();
      const [a, b] = [ticket(), ticket()];
      await queue.add(a, 0);
      await queue.add(b, 0);
      await (await open()).remove(a);
      await queue.remove(ticket());
      const { tickets } = taken(await open());
      await eventually(() => assert.deepEqual(idsOf(tickets), idsOf([b])));
    }),
    define('does not mind the removal of a ticket that is being worked on', async (open) => {
      const queue = await open();
      let done: (() => void) | undefined;
      const { tickets } = taken(await open(), 1, () => new Promise((resolve) => (done = resolve)));
      const [a, b] = [ticket(), ticket()];
      await queue.add(a, 0);
      await eventually(() => assert.ok(done));
      await queue.remove(a);
      await queue.add(b, 0);
      done?.();
      await eventually(() => assert.deepEqual(idsOf(tickets), idsOf([a, b])));
      done?.();
    }),
    define('gives no more tickets at a time than it is asked for', async (open) => {
      const queue = await open();
      const waiting: (() => void)[] = [];
      taken(await open(), 3, () => new Promise((resolve) => waiting.push(resolve)));
      const total = 10;
      for (let i = 0; i < total; i++) await queue.add(ticket(), 0);
      for (let seen = 0; seen < total; seen++) {
        await eventually(async () => {
          assert.equal(waiting.length, Math.min(3, total - seen));
          assert.equal(await queue.size(), Math.max(0, total - seen - 3));
        });
        waiting.shift()?.();
      }
    }),
    define('goes on after work that failed', async (open) => {
      const queue = await open();
      const { tickets } = taken(await open(), 1, () => Promise.reject(new Error('made by the test')));
      const all = [ticket(), ticket(), ticket()];
      for (const one of all) await queue.add(one, 0);
      await eventually(() => assert.deepEqual(idsOf(tickets), idsOf(all)));
    }),
    define('keeps owners apart, whatever they are called', async (open) => {
      const queue = await open();
      const id = randomUUID();
      const all = OWNERS.map((owner) => ({ owner, id }));
      for (const one of all) await queue.add(one, 0);
      assert.deepEqual(
        await queue.positions(all),
        all.map((_, i) => i + 1),
      );
      const { tickets } = taken(await open(), 1);
      await eventually(() => assert.deepEqual(tickets, all));
    }),
    define('takes none when it closes, and waits for what was taken', async (open) => {
      const queue = await open();
      const taker = await open();
      let done: (() => void) | undefined;
      assert.equal(taker.concurrency, 0);
      const { tickets } = taken(taker, 1, () => new Promise((resolve) => (done = resolve)));
      const [a, b] = [ticket(), ticket()];
      await queue.add(a, 0);
      await eventually(() => assert.ok(done));
      assert.deepEqual([taker.concurrency, queue.concurrency], [1, 0]);
      let isClosed = false;
      const closed = taker.close().then(() => (isClosed = true));
      assert.equal(taker.concurrency, 0);
      await queue.add(b, 0);
      await queue.positions([a, b]);
      assert.equal(isClosed, false);
      done?.();
      await closed;
      assert.deepEqual(idsOf(tickets), idsOf([a]));
      assert.deepEqual(await queue.positions([a, b]), [undefined, 1]);
      const rest = taken(await open());
      await eventually(() => assert.deepEqual(idsOf(rest.tickets), idsOf([b])));
    }),
    define('measures how fast the line moves', async (open) => {
      const queue = await open();
      await queue.positions([ticket()]);
      assert.equal(queue.msPerPlace, undefined);
      taken(await open());
      for (let i = 0; i < 20; i++) await queue.add(ticket(), 0);
      await eventually(async () => {
        await queue.positions([ticket()]);
        assert.ok(queue.msPerPlace !== undefined && queue.msPerPlace > 0);
      });
    }),
  ];
}

function ticket(owner = 'ada'): Ticket {
  return { owner, id: randomUUID() };
}

/** Takes tickets, and keeps them in the order in which they were given. */
function taken(queue: WorkQueue, concurrency = 4, work: () => Promise<void> = () => Promise.resolve()) {
  const tickets: Ticket[] = [];
  queue.take(concurrency, (one) => {
    tickets.push(one);
    return work();
  });
  return { tickets };
}

function idsOf(tickets: readonly Ticket[]): string[] {
  return tickets.map(({ id }) => id);
}
