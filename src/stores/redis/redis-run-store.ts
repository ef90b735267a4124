import { randomUUID } from 'node:crypto';
import type { CancelReason, RunState } from '../../protocol/server-messages.js';
import type { WireEntry } from '../../log/run-log.js';
import { isFinal } from '../../store/run-state.js';
import type { Claim, ClaimRequest, RunMeta, RunStore, StoredRun } from '../../store/run-store.js';
import { MemoryRunLog } from '../memory/memory-run-log.js';
import type { Epochs } from './epochs.js';
import type { Followers } from './followers.js';
import { HostedRun } from './hosted-run.js';
import type { HostedRuns } from './hosted-runs.js';
import { hashOf, runHash, type Keys } from './keys.js';
import type { ReadStored } from './log-tail.js';
import { kindOfFault, unavailable } from './outage.js';
import { sealField, toRecord, type RunRecord } from './record.js';
import type { RedisCalls } from './redis-calls.js';
import type { Reply } from './redis-client.js';
import type { Retention } from './retention.js';
import { decodeEntry } from './run-entry.js';
import { openStop } from './signed-stop.js';
import type { Signer } from '../../store/signer.js';
import { CLAIM } from './scripts/claim.js';
import { LIST_RUNS, OPEN_RUN, READ_LOG } from './scripts/read.js';
import { OperationWrite } from './write.js';
import type { WriteQueue } from './write-queue.js';

/** What a claim asks for if nothing is asked for. */
const ANY: ClaimRequest = { options: '{}', maxRunsOfOwner: Infinity, maxRunsOfConversation: Infinity };

/** What {@link RedisRunStore} takes. */
export interface RedisRunStoreInit {
  readonly calls: RedisCalls;
  readonly keys: Keys;
  readonly node: string;
  readonly queue: WriteQueue;
  readonly hosted: HostedRuns;
  readonly followers: Followers;
  readonly epochs: Epochs;
  readonly retention: Retention;
  readonly signer: Signer;
  /** Stops the runs that a new one replaces. Never throws. */
  readonly replace: (base: string, keys: readonly string[]) => void;
  readonly isDurable: boolean;
}

/** Runs in Redis. Those that this node executes are also in memory. */
export class RedisRunStore implements RunStore {
  readonly isDurable: boolean;
  readonly #init: RedisRunStoreInit;
  /** Runs claimed since the last commit. */
  readonly #claimed = new Set<HostedRun>();
  /** Runs whose claims did not count, since a commit failed. */
  readonly #withdrawn = new WeakSet<HostedRun>();

  constructor(init: RedisRunStoreInit) {
    this.#init = init;
    this.isDurable = init.isDurable;
  }

  get epoch(): string {
    return this.epochOf('');
  }

  epochOf(owner: string): string {
    return this.#init.epochs.of(owner);
  }

  async create(meta: RunMeta, request: ClaimRequest = ANY): Promise<Claim> {
    const { calls, keys, node, queue, hosted, epochs, signer } = this.#init;
    const { owner, id, conversationId, payer = owner } = meta;
    const [base, key] = [keys.baseOf(owner), runHash(owner, id)];
    await queue.settled(owner);
    const isHost = request.work === undefined;
    const answer = (await calls.write(CLAIM, base, [
      key,
      hashOf(owner),
      conversationId === undefined ? '' : hashOf(owner, conversationId),
      hashOf(payer),
      isHost ? node : '',
      node,
      epochs.of(owner),
      randomUUID(),
      JSON.stringify(meta),
      JSON.stringify(meta.requestHash),
      sealField('options', request.options, meta, signer),
      request.work === undefined ? '' : sealField('work', request.work, meta, signer),
      request.whenBusy ?? 'enqueue',
      luaNumber(request.maxRunsOfOwner),
      luaNumber(request.maxRunsOfConversation),
      owner,
      id,
    ])) as readonly Reply[];
    switch (answer[0]) {
      case 'created': {
        const [, , sealed, replaced] = answer;
        const stop = typeof sealed === 'string' ? openStop(sealed, key, signer) : undefined;
        if (Array.isArray(replaced) && replaced.length > 0) this.#init.replace(base, replaced as string[]);
        const created = {
          status: 'created',
          position: Number(answer[1]),
          rank: Number(answer[4] ?? 0),
          ...(stop !== undefined && { stop }),
        } as const;
        if (!isHost) return { ...created, log: this.#followed(waiting(meta, request, stop)).log };
        const { options } = request;
        const run = hosted.add(
          new HostedRun({
            meta,
            base,
            key,
            host: node,
            sink: queue,
            signer,
            readStored: this.#reader(meta),
            stop,
            options,
          }),
        );
        this.#claimed.add(run);
        return { ...created, log: run.log };
      }
      case 'known':
        return { status: 'existing', run: this.#toStored(key, answer[1] ?? null) as StoredRun };
      case 'expired':
        return { status: 'expired', requestHash: JSON.parse(String(answer[1])) as string };
      case 'lost':
        await epochs.check(owner, typeof answer[1] === 'string' ? answer[1] : undefined);
        throw unavailable(new Error('The data of the owner is lost'));
      case 'full':
        return { status: 'full', of: answer[1] as 'owner' | 'conversation' };
      default:
        return { status: 'busy' };
    }
  }

  async open(owner: string, id: string): Promise<StoredRun | undefined> {
    const { calls, keys, queue, hosted } = this.#init;
    const key = runHash(owner, id);
    const run = hosted.get(key);
    if (run !== undefined) return run;
    await queue.settled(owner);
    return this.#toStored(key, await calls.read(OPEN_RUN, keys.baseOf(owner), [key]));
  }

  setState(owner: string, id: string, state: RunState, checkpoint?: string): void {
    const { calls, queue, hosted, retention, signer } = this.#init;
    const run = hosted.get(runHash(owner, id));
    if (run === undefined || isFinal(run.state)) return;
    run.state = state;
    run.checkpoint = isFinal(state) ? undefined : checkpoint;
    const stored =
      checkpoint === undefined ? '' : sealField('checkpoint', JSON.stringify(checkpoint), run.meta, signer);
    const args = isFinal(state)
      ? ['z', state, `${run.log.bytes}`, ...retention.endArgs]
      : ['s', state, stored, `${calls.clock.aheadMs}`];
    queue.push(owner, new OperationWrite(run, args));
  }

  keepDraft(owner: string, id: string, text: string): void {
    const run = this.#init.hosted.get(runHash(owner, id));
    if (run === undefined || isFinal(run.state)) return;
    this.#init.queue.pushBounded(owner, new OperationWrite(run, ['x', `${JSON.stringify(text)}\n`]));
  }

  async list(owner: string, limit: number): Promise<StoredRun[]> {
    const { calls, keys, queue } = this.#init;
    await queue.settled(owner);
    const found = (await calls.read(LIST_RUNS, keys.baseOf(owner), [
      hashOf(owner),
      `${limit}`,
    ])) as readonly (readonly Reply[])[];
    return found.flatMap(([key, record = null]) => this.#toStored(String(key), record) ?? []).reverse();
  }

  /** Always empty: the runs of a node that is gone are given to another one, one by one. */
  unfinished(): StoredRun[] {
    return [];
  }

  async commit(): Promise<void> {
    const claimed = [...this.#claimed];
    try {
      await this.#init.queue.commit();
      // Another commit that waited for the same runs may have failed meanwhile.
      if (claimed.some((run) => this.#withdrawn.has(run))) throw unavailable(new Error('A claim was withdrawn'));
    } catch (error) {
      for (const run of claimed) this.#withdraw(run);
      throw error;
    } finally {
      for (const run of claimed) this.#claimed.delete(run);
    }
  }

  async expire(): Promise<void> {
    const { queue, retention, calls } = this.#init;
    // The outage is reported once, and nothing can be deleted before its end.
    if (calls.outage.isOn) return;
    try {
      await queue.commit();
      await retention.expire();
    } catch (error) {
      // An outage that has just begun: done again later.
      if (kindOfFault(error) === 'wrong') throw error;
    }
  }

  /** Makes this node the host of the run of a record, which names it as the host. */
  host(record: RunRecord, drafts: string): HostedRun {
    const { calls, keys, node, queue, hosted, signer } = this.#init;
    const { meta } = record;
    const skewMs = calls.clock.aheadMs - record.aheadMs;
    const key = runHash(meta.owner, meta.id);
    const draft = drafts
      .split('\n')
      .map((line) => (line === '' ? '' : (JSON.parse(line) as string)))
      .join('');
    const base = keys.baseOf(meta.owner);
    return hosted.add(
      new HostedRun({
        ...record,
        base,
        key,
        host: node,
        sink: queue,
        signer,
        readStored: this.#reader(meta),
        draft,
        skewMs,
      }),
    );
  }

  /** What a script has found of a run. */
  record(key: string, reply: Reply): RunRecord | undefined {
    return toRecord(reply, key, this.#init.signer);
  }

  /** The run of a record: the one in memory, if this node executes it. */
  toStored(record: RunRecord): StoredRun {
    const { owner, id } = record.meta;
    return this.#init.hosted.get(runHash(owner, id)) ?? this.#followed(record);
  }

  #toStored(key: string, reply: Reply): StoredRun | undefined {
    const record = this.record(key, reply);
    return record === undefined ? undefined : this.toStored(record);
  }

  #followed(record: RunRecord): StoredRun {
    const { keys, node, followers } = this.#init;
    const { owner, id } = record.meta;
    // A run that this node is about to take over is not its own before it has it.
    if (record.host === node && !isFinal(record.state)) return this.#followed({ ...record, host: '' });
    const place = { base: keys.baseOf(owner), key: runHash(owner, id) };
    return followers.runOf(record, place, this.#reader(record.meta));
  }

  /** The claim of a run that is not begun, since the commit failed, must not keep its id. */
  #withdraw(run: HostedRun): void {
    if (this.#withdrawn.has(run) || run.log.head > 0 || run.state !== 'accepted') return;
    this.#withdrawn.add(run);
    this.#init.queue.push(run.meta.owner, new OperationWrite(run, ['u']));
    this.#init.hosted.delete(run);
  }

  #reader({ owner, id }: RunMeta): ReadStored {
    return async (after, to): Promise<readonly WireEntry[]> => {
      if (after >= to) return [];
      const { calls, keys, signer } = this.#init;
      const args = [runHash(owner, id), `${after + 1}`, `${to}`];
      const bodies = (await calls.read(READ_LOG, keys.baseOf(owner), args)) as string[];
      if (bodies.length === 0) throw new Error('The log of the run is gone');
      const log = new MemoryRunLog(id, after);
      for (const [index, body] of bodies.entries())
        log.append(decodeEntry(body, runHash(owner, id), after + 1 + index, signer));
      return log.read(after);
    };
  }
}

/** The record of a run that waits for a worker. */
function waiting(meta: RunMeta, { options, work }: ClaimRequest, stop: CancelReason | undefined): RunRecord {
  const empty = { checkpoint: undefined, aheadMs: 0, generation: 1, facts: 0, writes: 0, bytes: 0, head: 0 };
  return { meta, state: 'accepted', host: '', stop, options, work, ...empty };
}

function luaNumber(value: number): string {
  return value === Infinity ? '1e300' : `${value}`;
}
