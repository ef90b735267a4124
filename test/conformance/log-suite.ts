import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunEntry, RunLog, WireEntry } from '../../src/index.js';

/** What a log has to be told for a test: an id for its run, and when everything appended is published. */
export interface LogUnderTest {
  readonly log: RunLog;
  /** Resolves when all that was appended is published; at once for a log in memory. */
  readonly settled?: () => Promise<void>;
}

const RUN = '6f1e8f5e-3f0c-4c52-9f7e-2a4f3a1b2c3d';
const CHUNK_BYTES = 65_536;

type Piece = { type: 'stream_chunk' | 'stream_reasoning'; content: string } | { type: 'status' };

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

/** What one reader has put together: it fails at the first hole, repetition or wrong boundary. */
export class Assembly {
  position: number;
  /** Text and messages in order, text of one kind joined. */
  readonly content: string[] = [];
  #kind = '';

  constructor(after: number) {
    this.position = after;
  }

  add(entry: WireEntry): void {
    const message = JSON.parse(entry.encoded) as Record<string, unknown>;
    const { first_seq: firstSeq = entry.seq, content } = message;
    expect(message).toMatchObject({ type: entry.type, seq: entry.seq, run_id: RUN, timestamp: entry.timestamp });
    expect(firstSeq).toBe(entry.firstSeq);
    expect('first_seq' in message).toBe(entry.firstSeq !== entry.seq);
    expect(entry.firstSeq).toBe(this.position + 1);
    expect(entry.seq).toBeGreaterThanOrEqual(entry.firstSeq);
    this.position = entry.seq;
    if (typeof content !== 'string') return this.#push(entry.type, '', false);
    expect(Buffer.byteLength(content)).toBeLessThanOrEqual(CHUNK_BYTES);
    this.#push(entry.type, content, true);
  }

  #push(kind: string, text: string, joins: boolean): void {
    const last = this.content.length - 1;
    if (joins && kind === this.#kind) this.content[last] = `${this.content[last] ?? ''}${text}`;
    else this.content.push(`${kind}:${text}`);
    this.#kind = joins ? kind : '';
  }
}

/** What a reader from `after` has to end up with. */
export function expected(entries: readonly RunEntry[], after: number): string[] {
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

/** Reads until there is nothing more. */
async function readAll(log: RunLog, assembly: Assembly): Promise<void> {
  for (;;) {
    const entries = await log.read(assembly.position);
    if (entries.length === 0) return;
    for (const entry of entries) assembly.add(entry);
  }
}

const text = fc.oneof(
  { weight: 10, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 16_384 }).map((length) => '漢'.repeat(length)) },
);
const piece: fc.Arbitrary<Piece> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant('stream_chunk' as const), content: text }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('stream_reasoning' as const), content: text }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('status' as const) }) },
);

/** What every {@link RunLog} has to do. `make` gives an empty log of the run {@link RUN}. */
export function runLogSuite(name: string, make: (runId: string) => LogUnderTest | Promise<LogUnderTest>): void {
  describe(`RunLog: ${name}`, () => {
    it('is empty at first', async () => {
      const { log } = await make(RUN);
      expect(log.published).toBe(0);
      expect(log.bytes).toBe(0);
      expect(await log.read(0)).toEqual([]);
    });

    it('gives what was appended, and nothing beyond the head', async () => {
      const { log, settled } = await make(RUN);
      for (const entry of toEntries([{ type: 'status' }, { type: 'stream_chunk', content: 'a' }])) log.append(entry);
      await settled?.();
      expect(log.published).toBe(2);
      expect((await log.read(0)).map(({ seq }) => seq)).toEqual([1, 2]);
      expect((await log.read(1)).map(({ seq }) => seq)).toEqual([2]);
      expect(await log.read(2)).toEqual([]);
      expect(await log.read(99)).toEqual([]);
    });

    it('wakes whoever asked whenever something is published, until they stop', async () => {
      const { log, settled } = await make(RUN);
      const seen: number[] = [];
      const others: number[] = [];
      const stop = log.onPublished(() => seen.push(log.published));
      log.onPublished(() => others.push(log.published));
      const [first, second] = toEntries([{ type: 'status' }, { type: 'status' }]);
      if (first === undefined || second === undefined) throw new Error('Two entries were asked for');
      log.append(first);
      await settled?.();
      expect(seen.at(-1)).toBe(1);
      stop();
      log.append(second);
      await settled?.();
      expect(seen.at(-1)).toBe(1);
      expect(others.at(-1)).toBe(2);
    });

    it('lets a reader be woken that reads and stops inside the call', async () => {
      const { log, settled } = await make(RUN);
      let woken = 0;
      const stop = log.onPublished(() => {
        woken++;
        void log.read(0);
        stop();
      });
      for (const entry of toEntries([{ type: 'status' }, { type: 'status' }])) log.append(entry);
      await settled?.();
      expect(woken).toBe(1);
    });

    it('merges a long text into pieces of at most 64 KiB of UTF-8, in reads of some 64 KiB', async () => {
      const { log, settled } = await make(RUN);
      const entries = toEntries(
        Array.from({ length: 5_000 }, () => ({ type: 'stream_chunk' as const, content: '漢字'.repeat(30) })),
      );
      for (const entry of entries) log.append(entry);
      await settled?.();
      const assembly = new Assembly(0);
      for (;;) {
        const read = await log.read(assembly.position);
        if (read.length === 0) break;
        const bytes = read.reduce((sum, { encoded }) => sum + Buffer.byteLength(encoded), 0);
        expect(bytes).toBeLessThanOrEqual(5 * CHUNK_BYTES);
        for (const entry of read) assembly.add(entry);
      }
      expect(assembly.content).toEqual(expected(entries, 0));
    });

    it('costs about as many bytes as its characters', async () => {
      const { log, settled } = await make(RUN);
      for (const entry of toEntries(Array.from({ length: 1_000 }, () => ({ type: 'stream_chunk', content: 'four' }))))
        log.append(entry);
      await settled?.();
      expect(log.bytes).toBeGreaterThanOrEqual(4_000);
      expect(log.bytes).toBeLessThanOrEqual(200_000);
    });

    it('has no hole and no repetition whatever the schedule of writes and reads', async () => {
      const schedule = fc.record({
        pieces: fc.array(piece, { maxLength: 60 }),
        // After which writes which reader reads once: numbers taken modulo what there is.
        reads: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 80 }),
        starts: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
      });
      await fc.assert(
        fc.asyncProperty(schedule, async ({ pieces, reads, starts }) => {
          const { log, settled } = await make(RUN);
          const entries = toEntries(pieces);
          const readers = starts.map((start) => ({ start: start % (entries.length + 1), assembly: new Assembly(0) }));
          for (const reader of readers) reader.assembly.position = reader.start;
          for (const [index, entry] of entries.entries()) {
            log.append(entry);
            for (const [when, who] of reads) {
              if (when % entries.length !== index) continue;
              const reader = readers[who % readers.length];
              if (reader === undefined || reader.start > log.published) continue;
              for (const read of await log.read(reader.assembly.position)) {
                expect(read.seq).toBeLessThanOrEqual(log.published);
                reader.assembly.add(read);
              }
            }
          }
          await settled?.();
          expect(log.published).toBe(entries.length);
          for (const { start, assembly } of readers) {
            await readAll(log, assembly);
            expect(assembly.position).toBe(entries.length);
            expect(assembly.content).toEqual(expected(entries, start));
          }
        }),
        { numRuns: 1_500, seed: 6 },
      );
    });
  });
}
