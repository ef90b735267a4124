import type { Connection } from '../connection/connection.js';
import { attachmentToWire } from '../store/attachment-to-wire.js';
import { conversationKey } from '../store/conversation-store.js';
import { Watchers } from './watchers.js';
import type { Logger } from '../runtime/logger.js';
import { encodeMessage } from '../protocol/encode.js';
import { connectionFull } from './run-errors.js';
import type { RunHandle } from './run-handle.js';
import type { Subscription, SubscriptionOptions } from './subscription.js';
import { Subscriptions } from './subscriptions.js';

/** Runs one connection is told of by `list_runs` where nobody knows who it is. */
const MAX_SEEN = 1_000;

/** What {@link Audience} takes. */
export interface AudienceOptions {
  /** Runs one connection reads at most. */
  readonly maxRunsPerConnection: number;
  /** A reader of a run is gone; `negotiated` says whether it can come back. */
  readonly onReaderLeft: (run: RunHandle, negotiated: boolean) => void;
  readonly logger: Logger;
}

/** Which connections read which runs, watch which conversations, and have seen which runs. */
export class Audience {
  readonly #options: AudienceOptions;
  readonly #subscriptions = new Subscriptions();
  readonly #watchers = new Watchers();
  /** Runs a connection started or resumed, the latest last. */
  readonly #seen = new WeakMap<Connection, Set<string>>();

  constructor(options: AudienceOptions) {
    this.#options = options;
  }

  /** What a connection reads, by run id. */
  readBy(connection: Connection): ReadonlyMap<string, Subscription> {
    return this.#subscriptions.of(connection);
  }

  /** Runs a connection started or resumed. */
  seenBy(connection: Connection): Iterable<string> {
    return this.#seen.get(connection) ?? [];
  }

  /** Whether a connection has not been sent yet what there is of the runs it reads. */
  isBehind(connection: Connection): boolean {
    return [...this.readBy(connection).values()].some((subscription) => subscription.isBehind);
  }

  /** @throws AgentSocketError `too_many_runs` where a connection reads as many as it may. */
  checkRoom(connection: Connection): void {
    const { maxRunsPerConnection } = this.#options;
    if (this.readBy(connection).size >= maxRunsPerConnection) throw connectionFull(maxRunsPerConnection);
  }

  /** A connection asks to read a run it may read already. @throws AgentSocketError `too_many_runs` */
  admit(connection: Connection, id: string): void {
    if (!this.readBy(connection).has(id)) this.checkRoom(connection);
    this.see(connection, id);
  }

  /** Remembers that a connection started or resumed a run. */
  see(connection: Connection, id: string): void {
    let seen = this.#seen.get(connection);
    if (seen === undefined) this.#seen.set(connection, (seen = new Set()));
    seen.delete(id);
    seen.add(id);
    if (seen.size <= MAX_SEEN) return;
    const [oldest] = seen;
    if (oldest !== undefined) seen.delete(oldest);
  }

  /** Lets a connection read a run; where it does already, from another position. */
  subscribe(
    connection: Connection,
    run: RunHandle,
    { after, requestId, watched }: Omit<SubscriptionOptions, 'onEnd' | 'onFault'>,
  ): Subscription {
    const { onReaderLeft, logger } = this.#options;
    return this.#subscriptions.open(connection, run, {
      after,
      requestId,
      watched,
      onEnd: () => onReaderLeft(run, connection.negotiated),
      onFault: (error) => logger.error({ runId: run.id, err: error }, 'A run log cannot be read'),
    });
  }

  /** Returns `false` where the connection watches as many conversations as it may. */
  watch(connection: Connection, conversationId: string): boolean {
    return this.#watchers.add(connection, conversationKey(connection.principal.id, conversationId));
  }

  unwatch(connection: Connection, conversationId: string): void {
    this.#watchers.remove(connection, conversationKey(connection.principal.id, conversationId));
  }

  /** The connections that watch a conversation. */
  watchersOf(owner: string, conversationId: string): Iterable<Connection> {
    return [...this.#watchers.of(conversationKey(owner, conversationId))];
  }

  /** Tells everybody who watches its conversation of a run, but for the one who asked for it. */
  announce(run: RunHandle, asker: Connection): void {
    const { owner, conversationId } = run.meta;
    if (conversationId === undefined) return;
    const introduction = new Introduction(run);
    for (const connection of this.watchersOf(owner, conversationId)) {
      if (connection !== asker) this.introduce(connection, run, introduction);
    }
  }

  /** Tells a connection of a run in a conversation it watches, and lets it read it where there is room. */
  introduce(connection: Connection, run: RunHandle, introduction = new Introduction(run)): void {
    const { owner, conversationId = '' } = run.meta;
    const reading = this.readBy(connection);
    if (reading.has(run.id) || !this.#watchers.has(connection, conversationKey(owner, conversationId))) return;
    connection.sendEncoded(introduction.at(connection.timestamp()));
    if (reading.size < this.#options.maxRunsPerConnection) this.subscribe(connection, run, { after: 0, watched: true });
  }
}

/** `run_started` for everybody who watches: the question may be long, and is encoded once for all who get it now. */
class Introduction {
  readonly #run: RunHandle;
  #timestamp: number | undefined;
  #encoded = new Uint8Array();

  constructor(run: RunHandle) {
    this.#run = run;
  }

  at(timestamp: number): Uint8Array {
    if (timestamp === this.#timestamp) return this.#encoded;
    const { id, state, meta, options } = this.#run;
    this.#timestamp = timestamp;
    const message = encodeMessage({
      type: 'run_started',
      timestamp,
      conversation_id: meta.conversationId ?? '',
      run_id: id,
      kind: meta.kind,
      query: options.query ?? '',
      attachments: options.attachments?.map(attachmentToWire),
      replace_from: options.replaceFrom,
      state,
    });
    this.#encoded = new TextEncoder().encode(message);
    return this.#encoded;
  }
}
