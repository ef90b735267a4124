import assert from 'node:assert/strict';
import { MAX_TEXT_LENGTH, type RunEntry, type RunLog, type WireEntry } from '../../log/run-log.js';
import { createRandom, type Random } from '../random.js';
import type { ConformanceCase } from './conformance-case.js';
import { untilPublished } from './until-published.js';

const RUN = '6f1e8f5e-3f0c-4c52-9f7e-2a4f3a1b2c3d';
/** Maximum bytes of UTF-8 text in one message. */
const CHUNK_BYTES = 65_536;
/** Number of random schedules. */
const SCHEDULES = 200;

/** An entry of a run without its `seq`. */
export type Piece =
  | { readonly type: 'stream_chunk' | 'stream_reasoning'; readonly content: string }
  | { readonly type: 'status' };

/** Entries with `seq` from 1, as a run writes them. */
export function toEntries(pieces: readonly Piece[]): RunEntry[] {
  return pieces.map((piece, index) => {
    const seq = index + 1;
    const timestamp = 1_000 + seq / 8;
    if (piece.type !== 'status') return { ...piece, seq, timestamp };
    const encoded = JSON.stringify({ type: 'status', status: 'processing', timestamp, run_id: RUN, seq });
    return { type: 'status', seq, timestamp, encoded };
  });
}

/**
 * The requirements of a {@link RunLog}.
 * @param make - creates an empty log of the run with this id.
 */
export function runLogCases(make: (runId: string) => RunLog | Promise<RunLog>): ConformanceCase[] {
  /** A log that holds these pieces, all of them published. */
  async function filled(pieces: readonly Piece[]): Promise<{ log: RunLog; entries: RunEntry[] }> {
    const log = await make(RUN);
    const entries = toEntries(pieces);
    for (const entry of entries) log.append(entry);
    await untilPublished(log, entries.length);
    return { log, entries };
  }

  return [
    {
      name: 'is empty at first',
      run: async () => {
        const log = await make(RUN);
        assert.equal(log.published, 0);
        assert.equal(log.bytes, 0);
        assert.deepEqual(await log.read(0), []);
      },
    },
    {
      name: 'gives what was appended, and nothing beyond the head',
      run: async () => {
        const { log } = await filled([{ type: 'status' }, { type: 'stream_chunk', content: 'a' }]);
        assert.equal(log.published, 2);
        assert.deepEqual(seqs(await log.read(0)), [1, 2]);
        assert.deepEqual(seqs(await log.read(1)), [2]);
        assert.deepEqual(await log.read(2), []);
        assert.deepEqual(await log.read(99), []);
      },
    },
    {
      name: 'wakes whoever asked whenever something is published, until they stop',
      run: async () => {
        const log = await make(RUN);
        const seen: number[] = [];
        const others: number[] = [];
        const stop = log.onPublished(() => seen.push(log.published));
        log.onPublished(() => others.push(log.published));
        const [first, second] = toEntries([{ type: 'status' }, { type: 'status' }]);
        assert(first !== undefined && second !== undefined);
        log.append(first);
        await untilPublished(log, 1);
        assert.equal(seen.at(-1), 1);
        stop();
        log.append(second);
        await untilPublished(log, 2);
        assert.equal(seen.at(-1), 1);
        assert.equal(others.at(-1), 2);
      },
    },
    {
      name: 'lets a reader be woken that reads and stops inside the call',
      run: async () => {
        const log = await make(RUN);
        let woken = 0;
        const stop = log.onPublished(() => {
          woken++;
          void log.read(0);
          stop();
        });
        for (const entry of toEntries([{ type: 'status' }, { type: 'status' }])) log.append(entry);
        await untilPublished(log, 2);
        assert.equal(woken, 1);
      },
    },
    {
      name: 'lets a reader be woken that writes inside the call',
      run: async () => {
        const log = await make(RUN);
        const [first, second, third] = toEntries([
          { type: 'stream_chunk', content: 'a' },
          { type: 'stream_chunk', content: 'b' },
          { type: 'status' },
        ]);
        assert(first !== undefined && second !== undefined && third !== undefined);
        const stop = log.onPublished(() => {
          stop();
          log.append(second);
          log.append(third);
        });
        log.append(first);
        await untilPublished(log, 3);
        const assembly = new Assembly(0);
        await assembly.readAll(log);
        assert.deepEqual(assembly.content, ['stream_chunk:ab', 'status:']);
      },
    },
    {
      name: 'gives every position the same text, however it was cut',
      run: async () => {
        const content = Array.from({ length: 300 }, (_, index) => `${index} 漢字 😀\u2028"\\\n`);
        const { log, entries } = await filled(content.map((piece) => ({ type: 'stream_chunk', content: piece })));
        for (let after = 0; after <= entries.length; after++) {
          const assembly = new Assembly(after);
          await assembly.readAll(log);
          assert.deepEqual(assembly.content, expected(entries, after));
        }
      },
    },
    {
      name: 'keeps half characters and NUL',
      run: async () => {
        const content = ['\ud83d', '\ude00', '\0', 'a\0b', '\ud800', '\udfff\ud800', '', '😀'];
        const { log, entries } = await filled(content.map((piece) => ({ type: 'stream_chunk', content: piece })));
        for (let after = 0; after <= entries.length; after++) {
          const assembly = new Assembly(after);
          await assembly.readAll(log);
          assert.deepEqual(assembly.content, expected(entries, after));
        }
      },
    },
    {
      name: 'merges a long text into pieces of at most 64 KiB of UTF-8, in reads of some 64 KiB',
      run: async () => {
        const pieces = Array.from({ length: 5_000 }, (): Piece => ({
          type: 'stream_chunk',
          content: '漢字'.repeat(30),
        }));
        const { log, entries } = await filled(pieces);
        const assembly = new Assembly(0);
        for (;;) {
          const read = await log.read(assembly.position);
          if (read.length === 0) break;
          const bytes = read.reduce((sum, { encoded }) => sum + Buffer.byteLength(encoded), 0);
          assert(bytes <= 5 * CHUNK_BYTES, `A read of ${bytes} bytes`);
          for (const entry of read) assembly.add(entry);
        }
        assert.deepEqual(assembly.content, expected(entries, 0));
      },
    },
    {
      name: 'costs about as many bytes as its characters',
      run: async () => {
        const { log } = await filled(
          Array.from({ length: 1_000 }, (): Piece => ({ type: 'stream_chunk', content: 'four' })),
        );
        assert(log.bytes >= 4_000 && log.bytes <= 200_000, `${log.bytes} bytes`);
      },
    },
    {
      name: 'has no hole and no repetition whatever the schedule of writes and reads',
      run: async () => {
        for (let seed = 1; seed <= SCHEDULES; seed++) {
          try {
            await play(await make(RUN), createRandom(seed));
          } catch (error) {
            throw new Error(`Schedule ${seed} failed`, { cause: error });
          }
        }
      },
    },
  ];
}

/** Assembles what one reader reads, and fails at the first gap, repetition or wrong boundary. */
class Assembly {
  position: number;
  /** Text and messages in order; consecutive text of one kind is joined. */
  readonly content: string[] = [];
  #kind = '';

  constructor(after: number) {
    this.position = after;
  }

  add(entry: WireEntry): void {
    const message = JSON.parse(entry.encoded) as Record<string, unknown>;
    const { type, content, first_seq: firstSeq, ...fields } = message;
    assert.equal(type, entry.type);
    assert.equal(fields['seq'], entry.seq);
    assert.equal(fields['run_id'], RUN);
    assert.equal(fields['timestamp'], entry.timestamp);
    assert.equal(firstSeq, entry.firstSeq === entry.seq ? undefined : entry.firstSeq);
    assert.equal(entry.firstSeq, this.position + 1);
    assert(entry.seq >= entry.firstSeq);
    this.position = entry.seq;
    if (typeof content !== 'string') return this.#push(entry.type, '', false);
    assert(Buffer.byteLength(content) <= CHUNK_BYTES);
    this.#push(entry.type, content, true);
  }

  /** Reads until there is nothing more. */
  async readAll(log: RunLog): Promise<void> {
    while (this.position < log.published) {
      const entries = await log.read(this.position);
      assert(entries.length > 0, `Nothing after ${this.position} though ${log.published} is published`);
      for (const entry of entries) this.add(entry);
    }
  }

  #push(kind: string, text: string, joins: boolean): void {
    const last = this.content.length - 1;
    if (joins && kind === this.#kind) this.content[last] = `${this.content[last] ?? ''}${text}`;
    else this.content.push(`${kind}:${text}`);
    this.#kind = joins ? kind : '';
  }
}

/** What a reader that begins after `after` must end up with. */
function expected(entries: readonly RunEntry[], after: number): string[] {
  const assembly: string[] = [];
  let kind = '';
  for (const entry of entries.slice(after)) {
    const isText = 'content' in entry;
    if (isText && kind === entry.type) assembly.push(`${assembly.pop() ?? ''}${entry.content}`);
    else assembly.push(`${entry.type}:${isText ? entry.content : ''}`);
    kind = isText ? entry.type : '';
  }
  return assembly;
}

function seqs(entries: readonly WireEntry[]): number[] {
  return entries.map(({ seq }) => seq);
}

/** Writes at random while readers begin at random positions and read at random moments. */
async function play(log: RunLog, random: Random): Promise<void> {
  const entries = toEntries(Array.from({ length: random.int(0, 59) }, () => randomPiece(random)));
  const readers = Array.from({ length: random.int(1, 4) }, () => {
    const start = random.int(0, entries.length);
    return { start, assembly: new Assembly(start) };
  });
  for (const entry of entries) {
    log.append(entry);
    for (const { start, assembly } of readers) {
      if (random.int(0, 2) > 0 || start > log.published) continue;
      for (const read of await log.read(assembly.position)) {
        assert(read.seq <= log.published);
        assembly.add(read);
      }
    }
  }
  await untilPublished(log, entries.length);
  assert.equal(log.published, entries.length);
  for (const { start, assembly } of readers) {
    await assembly.readAll(log);
    assert.equal(assembly.position, entries.length);
    assert.deepEqual(assembly.content, expected(entries, start));
  }
}

function randomPiece(random: Random): Piece {
  const kind = random.int(0, 10);
  if (kind === 0) return { type: 'status' };
  const type = kind < 3 ? 'stream_reasoning' : 'stream_chunk';
  if (random.int(0, 9) === 0) return { type, content: '漢'.repeat(random.int(1, MAX_TEXT_LENGTH)) };
  const content = Array.from({ length: random.int(1, 12) }, () => String.fromCharCode(random.int(0, 65_535)));
  return { type, content: content.join('') };
}
