/**
 * A separate process that owns a database: `sqlite-writer PATH [hold]`. It prints `open`, and then each entry as soon
 * as readers have seen it, one per line, until it is killed.
 */
import { randomUUID } from 'node:crypto';
import { createSqliteStore } from '../../src/stores/sqlite.js';

/** Number of runs that are written at the same time. */
const RUNS = 8;
const END = 40;

const [path = '', mode = 'write'] = process.argv.slice(2);
const store = await createSqliteStore({ path, waitMs: 0 });
const say = (line: string) => process.stdout.write(`${line}\n`);
say('open');
// Keeps the process alive without another timer.
process.stdin.resume();
if (mode === 'write') for (let index = 0; index < RUNS; index++) write();

/** Writes a run, and then the next one. */
function write(): void {
  const id = randomUUID();
  const claim = store.runs.create({ owner: 'ann', id, kind: 'streaming_query', requestHash: id, createdAt: 1 });
  if (claim.status !== 'created') throw new Error('The id is taken');
  const { log } = claim;
  let seq = 0;
  const append = (): void => {
    seq++;
    if (seq === END) {
      // One transaction: a reader that has seen the last entry finds the answer in the conversation.
      const message = { id: randomUUID(), role: 'assistant', content: id, runId: id, createdAt: 1 } as const;
      store.conversations.append({ owner: 'ann', id }, [message]);
    }
    log.append({ type: 'stream_chunk', seq, timestamp: seq, content: `${seq} ` });
    if (seq === END) store.runs.setState('ann', id, 'finished');
  };
  log.onPublished(() => {
    say(`${id} ${log.published}`);
    if (log.published === END) write();
    else if (log.published === seq) append();
  });
  append();
}
