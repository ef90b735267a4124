import { randomUUID } from 'node:crypto';
import { accountsOf, payerOf } from '../connection/principal.js';
import type { RunRequest } from '../protocol/client-messages.js';
import { andThen, isLater, orElse, type Awaitable } from '../runtime/awaitable.js';
import { orTimeout } from '../runtime/within.js';
import type { Drain } from './drain.js';
import type { LiveRuns, Place } from './live-runs.js';
import { hashRequest } from './request-hash.js';
import type { RunBounds } from './run-bounds.js';
import {
  conflict,
  conversationBusy,
  expired,
  lineFull,
  queueFull,
  restarting,
  serverFull,
  shareFull,
} from './run-errors.js';
import type { RunExecutor } from './run-executor.js';
import { ownerOf, type RunAsker } from './run-asker.js';
import type { BeforeRun } from './run-manager-options.js';
import type { RunLog } from '../log/run-log.js';
import { encodeOrder, optionsOf } from './run-order.js';
import type { ClaimRequest, RunMeta, RunStore, StoredRun } from '../store/run-store.js';
import type { WorkQueue } from '../store/work-queue.js';

/**
 * Maximum number of runs of one conversation, in progress or waiting: each is announced to all watching connections.
 */
const MAX_QUEUE = 64;

/** How long the hook before a run may take, in milliseconds. */
const BEFORE_RUN_MS = 10_000;

/** What {@link Admission} needs. */
export interface AdmissionOptions {
  readonly store: RunStore;
  readonly live: LiveRuns;
  readonly executor: RunExecutor;
  readonly bounds: RunBounds;
  readonly drain: Drain;
  readonly beforeRun: BeforeRun | undefined;
  /** Present if the store belongs to a cluster. */
  readonly shared: SharedAdmission | undefined;
}

/** How runs are admitted in a cluster. */
export interface SharedAdmission {
  /** Maximum number of runs of one owner in progress on all nodes. */
  readonly maxRunsOfOwner: number;
  /** The line of runs that wait for workers, and how long it may be; absent if this node executes the runs. */
  readonly line: { readonly queue: WorkQueue; readonly max: number } | undefined;
}

/** The outcome of a claim. */
export type Admitted =
  /** A place for a new run of this node. */
  | { readonly to: 'run'; readonly place: Place; readonly log: RunLog }
  /** A new run that waits for a worker. */
  | { readonly to: 'wait'; readonly waiting: StoredRun; readonly position: number; readonly rank: number }
  /** The run that has the id already. */
  | { readonly to: 'repeat'; readonly existing: StoredRun };

/** Admits new runs: checks the limits, takes a place, and claims the id. */
export class Admission {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /**
   * Claims the id of a request. Takes the place before the store is asked, so that simultaneous requests do not share
   * one place.
   * @param then - called as soon as the id is claimed; other requests for the id wait for it
   * @throws AgentSocketError (or rejects with it) if the run is not allowed or a limit is reached; any error of the
   * store.
   */
  claim<T>(asker: RunAsker, request: RunRequest, then: (admitted: Admitted) => T): Awaitable<T> {
    const { live, drain } = this.#options;
    const bytes = sizeOf(request);
    const meta = metaOf(asker, request);
    const shares = live.sharesOf(meta.owner, asker.remoteAddress);
    this.#check(asker, request, meta, bytes);
    live.checkShares(shares, bytes);
    const place = live.reserve(meta, bytes, shares);
    const claimed = orElse(
      () =>
        andThen(this.#checkLine(), () => andThen(this.#ask(asker, request), () => this.#create(place, asker, request))),
      (error) => {
        this.#giveUp(place);
        throw error;
      },
    );
    const decided = andThen(claimed, then);
    if (isLater(decided)) live.awaitClaim(meta, decided, () => drain.checkIdle());
    return decided;
  }

  /** Asks the hook. A hook that never answers would keep places, and messages unanswered, for ever. */
  #ask({ principal }: RunAsker, request: RunRequest): Awaitable<void> {
    const asked: Awaitable<unknown> = this.#options.beforeRun?.(principal, request);
    return andThen(isLater(asked) ? orTimeout(BEFORE_RUN_MS, Promise.resolve(asked)) : asked, (answer) => {
      // Whoever returns `false` does not mean to permit the run.
      if (answer === false)
        throw new TypeError('The function "beforeRun" gave false; to refuse a run, it has to throw');
    });
  }

  #checkLine(): Awaitable<void> {
    const line = this.#options.shared?.line;
    if (line === undefined) return;
    return andThen(line.queue.size(), (size) => {
      if (size >= line.max) throw lineFull(line.queue.msPerPlace);
    });
  }

  #create(place: Place, asker: RunAsker, request: RunRequest): Awaitable<Admitted> {
    const { store, shared } = this.#options;
    const { meta } = place;
    return andThen(store.create(meta, shared && claimOf(shared, asker, request)), (claim) => {
      switch (claim.status) {
        case 'created':
          place.position = claim.position;
          place.stop = claim.stop;
          // The client is informed, and work begins, only after a crash can no longer lose the claim.
          return andThen(store.commit(), () =>
            shared?.line !== undefined ? this.#wait(place, claim.rank ?? 0) : { to: 'run', place, log: claim.log },
          );
        case 'existing':
          this.#giveUp(place);
          return { to: 'repeat', existing: claim.run };
        case 'expired':
          throw claim.requestHash === meta.requestHash ? expired() : conflict();
        case 'busy':
          throw conversationBusy();
        case 'full':
          throw claim.of === 'owner' ? shareFull('owner', shared?.maxRunsOfOwner ?? 0) : queueFull(MAX_QUEUE);
      }
    });
  }

  /** Leaves a claimed run to a worker: this node keeps nothing of it. */
  #wait(place: Place, rank: number): Awaitable<Admitted> {
    const { owner, id } = place.meta;
    return andThen(this.#options.store.open(owner, id), (waiting) => {
      if (waiting === undefined) throw new Error('The run that waits for a worker is gone');
      this.#giveUp(place);
      return { to: 'wait', waiting, position: place.position ?? 0, rank };
    });
  }

  #check({ principal, metadata }: RunAsker, request: RunRequest, meta: RunMeta, bytes: number): void {
    const { executor, drain, bounds, live } = this.#options;
    executor.check(request, { principal, runId: meta.id, conversationId: meta.conversationId, metadata });
    if (drain.isDraining) throw restarting();
    if (!bounds.hasRoom(bytes)) throw serverFull();
    const before = live.queueOf(meta.owner, meta.conversationId).length;
    if (before > 0 && 'when_busy' in request && request.when_busy === 'reject') throw conversationBusy();
    if (before >= MAX_QUEUE) throw queueFull(MAX_QUEUE);
  }

  #giveUp(place: Place): void {
    this.#options.live.giveUp(place);
    this.#options.drain.checkIdle();
  }
}

function claimOf({ maxRunsOfOwner, line }: SharedAdmission, asker: RunAsker, request: RunRequest): ClaimRequest {
  return {
    options: JSON.stringify(optionsOf(asker, request)),
    whenBusy: 'when_busy' in request ? request.when_busy : undefined,
    // All who are anonymous are no owner whose runs could be counted: see maxRunsPerAddress.
    maxRunsOfOwner: accountsOf(ownerOf(asker), undefined).owner === undefined ? Infinity : maxRunsOfOwner,
    maxRunsOfConversation: MAX_QUEUE,
    work: line && encodeOrder({ request, principal: asker.principal }),
  };
}

function metaOf(asker: RunAsker, request: RunRequest): RunMeta {
  const conversationId = 'conversation_id' in request ? request.conversation_id : undefined;
  const owner = ownerOf(asker);
  const payer = payerOf(asker.principal, asker.remoteAddress);
  return {
    owner,
    id: request.run_id ?? randomUUID(),
    kind: request.type,
    requestHash: hashRequest(request),
    createdAt: Date.now(),
    ...(conversationId !== undefined && { conversationId }),
    ...(request.type === 'tool_call' && { toolName: request.tool_name }),
    ...(payer !== owner && { payer }),
  };
}

/** Size of the long fields of a request, in bytes. */
function sizeOf(request: RunRequest): number {
  if (request.type === 'tool_call') return Buffer.byteLength(JSON.stringify(request.params));
  const { query, attachments = [] } = request;
  return attachments.reduce((sum, { data = '' }) => sum + data.length, Buffer.byteLength(query));
}
