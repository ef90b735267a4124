import { randomUUID } from 'node:crypto';
import type { Connection } from '../connection/connection.js';
import type { RunRequest } from '../protocol/client-messages.js';
import type { Audience } from './audience.js';
import { andThen, isLater, orElse, type Awaitable } from '../runtime/awaitable.js';
import type { Handover } from './handover.js';
import type { LiveRuns, Place } from './live-runs.js';
import { hashRequest } from './request-hash.js';
import type { RunBounds } from './run-bounds.js';
import { conflict, conversationBusy, expired, lineFull, restarting, serverFull } from './run-errors.js';
import type { RunExecutor } from './run-executor.js';
import type { RunLog } from '../log/run-log.js';
import type { RunMeta, RunStore, StoredRun } from '../store/run-store.js';

/** Runs of one conversation in progress or in line: each may be told of to everybody who watches. */
const MAX_LINE = 64;

/** What {@link Admission} works with. */
export interface AdmissionOptions {
  readonly store: RunStore;
  readonly live: LiveRuns;
  readonly executor: RunExecutor;
  readonly audience: Audience;
  readonly bounds: RunBounds;
  readonly handover: Handover;
}

/** What a claim came to: a place for a new run, or the run that has the id already. */
export type Admitted =
  { readonly place: Place; readonly log: RunLog } | { readonly place?: never; readonly existing: StoredRun };

/** Lets new runs in: checks that there is room, takes a place, and claims the id. */
export class Admission {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /**
   * The place is taken before the store is asked: of requests at the same moment each counts.
   * @param then - called as soon as the id is claimed; whoever asks for the id meanwhile waits for it
   * @throws AgentSocketError, or rejects with it, where a new run may not be, or there is no room for it; with whatever the
   * store throws or rejects with.
   */
  claim<T>(connection: Connection, request: RunRequest, then: (admitted: Admitted) => T): Awaitable<T> {
    const { live, handover } = this.#options;
    const bytes = sizeOf(request);
    const meta = metaOf(connection, request);
    this.#check(connection, request, meta, bytes);
    const place = live.reserve(meta, bytes);
    const claimed = orElse(
      () => this.#create(place),
      (error) => {
        this.#giveUp(place);
        throw error;
      },
    );
    const decided = andThen(claimed, then);
    if (isLater(decided)) live.awaitClaim(meta, decided, () => handover.checkIdle());
    return decided;
  }

  #create(place: Place): Awaitable<Admitted> {
    const { store } = this.#options;
    return andThen(store.create(place.meta), (claim) => {
      switch (claim.status) {
        case 'created':
          // Nothing may be said of a run, and nothing done for it, that a crash would make forget.
          return andThen(store.commit(), () => ({ place, log: claim.log }));
        case 'existing':
          this.#giveUp(place);
          return { existing: claim.run };
        case 'expired':
          throw claim.requestHash === place.meta.requestHash ? expired() : conflict();
      }
    });
  }

  #check(connection: Connection, request: RunRequest, meta: RunMeta, bytes: number): void {
    const { executor, handover, audience, bounds, live } = this.#options;
    const { principal, metadata } = connection;
    executor.check(request, { principal, runId: meta.id, conversationId: meta.conversationId, metadata });
    if (handover.isDraining) throw restarting();
    audience.checkRoom(connection);
    if (!bounds.hasRoom(bytes)) throw serverFull();
    const before = live.lineOf(meta.owner, meta.conversationId).length;
    if (before > 0 && 'when_busy' in request && request.when_busy === 'reject') throw conversationBusy();
    if (before >= MAX_LINE) throw lineFull(MAX_LINE);
  }

  #giveUp(place: Place): void {
    this.#options.live.giveUp(place);
    this.#options.handover.checkIdle();
  }
}

function metaOf({ principal }: Connection, request: RunRequest): RunMeta {
  const conversationId = 'conversation_id' in request ? request.conversation_id : undefined;
  return {
    owner: principal.id,
    id: request.run_id ?? randomUUID(),
    kind: request.type,
    requestHash: hashRequest(request),
    createdAt: Date.now(),
    ...(conversationId !== undefined && { conversationId }),
    ...(request.type === 'tool_call' && { toolName: request.tool_name }),
  };
}

/** Bytes of what a request holds: all other fields are short. */
function sizeOf(request: RunRequest): number {
  if (request.type === 'tool_call') return Buffer.byteLength(JSON.stringify(request.params));
  const { query, attachments = [] } = request;
  return attachments.reduce((sum, { data = '' }) => sum + data.length, Buffer.byteLength(query));
}
