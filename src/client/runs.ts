import type { QueryAttachment } from '../protocol/client-messages.js';
import type { ServerMessage, ServerMessageOf } from '../protocol/server-messages.js';
import { encodeAttachments, type AttachmentInput } from './attachments.js';
import { backoffMs, toldMs } from './backoff.js';
import { AgentClientError, errorOf } from './client-error.js';
import { newDelivery, type Delivery } from './delivery.js';
import type { Run } from './run.js';
import { approvalOf, type RunMessage } from './run-events.js';
import type { Unanswered, Wire } from './wire.js';

/** How many consecutive temporary refusals or gaps a run may have before the client gives it up. */
const MAX_FAILURES = 6;
/** Waits before another try if the server gives no time. */
const RETRY = { baseMs: 500, capMs: 10_000 };
/** Minimum time between two `resume` messages because of gaps, in milliseconds. */
const HOLE_MS = 100;

/** The runs that this client started or reads. Each is sent once, and each of its messages is applied once. */
export class Runs {
  readonly #wire: Wire;
  /** Takes why a run cannot be cancelled. */
  readonly #onError: (error: AgentClientError) => void;
  readonly #deliveries = new Map<string, Delivery>();
  /** Requests whose attachments are being read, and later ones of their conversations, in the order of asking. */
  readonly #held = new Set<Delivery>();

  constructor(wire: Wire, onError: (error: AgentClientError) => void) {
    this.#wire = wire;
    this.#onError = onError;
  }

  /** A run that has not ended, or was detached before its request was accepted. */
  get(id: string): Run | undefined {
    return this.#deliveries.get(id)?.run;
  }

  /** The request of such a run, without attachments. */
  requestOf(id: string): string | undefined {
    return this.#deliveries.get(id)?.request;
  }

  /** Requests a run: once connected, once its attachments have been read, and after what was asked in its place. */
  start(run: Run, request: string, place?: string, attachments?: readonly AttachmentInput[]): void {
    const delivery = newDelivery(run, request, place);
    this.#deliveries.set(run.id, delivery);
    this.#held.add(delivery);
    const failed = (cause: unknown): void => {
      const message = 'An attachment cannot be read';
      this.#end(delivery, 'failed', new AgentClientError('invalid_params', message, { cause }));
    };
    try {
      const encoded = attachments && encodeAttachments(attachments);
      if (encoded instanceof Promise) encoded.then((read) => this.#ready(delivery, read), failed);
      else this.#ready(delivery, encoded);
    } catch (cause) {
      failed(cause);
    }
  }

  /** Reads an existing run, now or once connected. A request that a detached run has left is answered to this one. */
  read(run: Run): void {
    const left = this.#deliveries.get(run.id);
    if (left !== undefined) left.run = run;
    else this.#offer(newDelivery(run), (delivery) => this.#resume(delivery));
  }

  /** Takes a run that the server sends because its conversation is watched. */
  watched(run: Run, message: ServerMessageOf<'run_started'>): void {
    replay(run, message);
    const delivery = newDelivery(run);
    delivery.isSent = delivery.isAccepted = true;
    delivery.epoch = this.#wire.epoch;
    this.#deliveries.set(run.id, delivery);
  }

  cancel(run: Run): void {
    const delivery = this.#deliveries.get(run.id);
    if (delivery?.run !== run || delivery.isCancelWanted) return;
    if (delivery.request !== undefined && !delivery.isSent) {
      const message = 'The run was cancelled before it was sent';
      this.#end(delivery, 'cancelled', new AgentClientError('cancelled', message, { runId: run.id }));
      return;
    }
    delivery.isCancelWanted = true;
    if (this.#wire.isUp && delivery.isSent) this.#cancel(delivery);
  }

  /** Stops reading a run. A waiting request is still sent. */
  detach(run: Run): void {
    const delivery = this.#deliveries.get(run.id);
    if (delivery?.run !== run) return;
    if (delivery.isAccepted || delivery.request === undefined) this.#forget(delivery);
  }

  /** Takes a message about a run of this client. Returns `false` for any other message. */
  handle(message: ServerMessage): boolean {
    if (!('run_id' in message) || message.run_id === undefined) {
      return message.type === 'error' && this.#refused(message);
    }
    const delivery = this.#deliveries.get(message.run_id);
    if ('seq' in message && message.seq !== undefined) {
      if (delivery !== undefined) this.#receive(delivery, message as RunMessage);
      return true;
    }
    if (message.type === 'error') return this.#refused(message);
    if (delivery === undefined) return false;
    if (message.type === 'accepted') {
      this.#accepted(delivery);
      delivery.run.moveTo(message.state);
    } else if (message.type === 'queued') {
      // What was said of the line before the run began may arrive later.
      const { position: place, estimated_wait_ms: estimatedWaitMs, no_workers: noWorkers } = message;
      if (delivery.run.seq === 0) delivery.run.moveTo('queued', { place, estimatedWaitMs, noWorkers });
    } else if (message.type === 'resumed') this.#resumed(delivery, message);
    return true;
  }

  /** Handles a new connection: continues what was sent over an earlier one. */
  up(): void {
    for (const delivery of [...this.#deliveries.values()]) if (delivery.isLost) this.#recover(delivery);
  }

  /** Handles a lost connection. */
  down(): void {
    for (const delivery of this.#deliveries.values()) {
      clearTimeout(delivery.timer);
      delivery.isResuming = false;
      delivery.isLost = delivery.isSent;
    }
  }

  /** Fails all runs, since there will be no messages. */
  fail(error: AgentClientError): void {
    this.#held.clear();
    for (const delivery of [...this.#deliveries.values()]) this.#end(delivery, 'failed', error);
  }

  get unanswered(): readonly Unanswered[] {
    return [...this.#deliveries.values()]
      .filter(({ isSent, isAccepted, request }) => isSent && !isAccepted && request !== undefined)
      .map((delivery) => ({
        size: `${delivery.request}${delivery.attachments}`.length,
        refuse: (error) => this.#end(delivery, 'failed', error),
      }));
  }

  #ready(delivery: Delivery, attachments: QueryAttachment[] | undefined): void {
    delivery.attachments = attachments === undefined ? '' : `,"attachments":${JSON.stringify(attachments)}`;
    this.#release();
  }

  /** Sends the requests that are ready, unless an earlier one in the same place is not. */
  #release(): void {
    const blocked = new Set<string>();
    for (const delivery of this.#held) {
      const { place, attachments } = delivery;
      if (attachments === undefined || blocked.has(place)) blocked.add(place);
      else {
        this.#held.delete(delivery);
        this.#offer(delivery, () => this.#request(delivery));
      }
    }
  }

  #offer(delivery: Delivery, send: (delivery: Delivery) => void): void {
    this.#deliveries.set(delivery.run.id, delivery);
    const refused = this.#wire.outbox.offer(delivery, () => {
      if (delivery.isCancelWanted) this.#cancel(delivery);
      send(delivery);
    });
    if (refused !== undefined) this.#end(delivery, 'failed', refused);
  }

  #request(delivery: Delivery): void {
    const { request, attachments } = delivery;
    if (request === undefined) return;
    delivery.requestId = this.#wire.nextId();
    delivery.isSent = true;
    delivery.epoch = this.#wire.epoch;
    const refused = this.#wire.sendFrame(`${request.slice(0, -1)}${attachments},"request_id":"${delivery.requestId}"}`);
    if (refused !== undefined) this.#end(delivery, 'failed', refused);
  }

  #resume(delivery: Delivery): void {
    const { run } = delivery;
    delivery.requestId = this.#wire.nextId();
    delivery.isSent = delivery.isResuming = true;
    delivery.resumedAt = performance.now();
    const { id: run_id, seq: after, room } = run;
    this.#wire.send({ type: 'resume', run_id, after, room, request_id: delivery.requestId });
  }

  #cancel(delivery: Delivery): void {
    delivery.cancelId = this.#wire.nextId();
    const { id: run_id, room } = delivery.run;
    this.#wire.send({ type: 'cancel', run_id, room, request_id: delivery.cancelId });
  }

  /** A cancel comes first: if the request was lost, the run is then cancelled before it begins. */
  #recover(delivery: Delivery): void {
    delivery.isLost = false;
    if (delivery.isCancelWanted) this.#cancel(delivery);
    const isSameStore = delivery.epoch === this.#wire.epoch;
    if (delivery.request !== undefined && !delivery.isAccepted && isSameStore) {
      delivery.isRepeated = true;
      this.#request(delivery);
    } else if (delivery.run.isEnded) this.#forget(delivery);
    else this.#resume(delivery);
  }

  #accepted(delivery: Delivery): void {
    delivery.isAccepted = true;
    delivery.epoch = this.#wire.epoch;
    if (delivery.run.isEnded) this.#forget(delivery);
  }

  #resumed(delivery: Delivery, message: ServerMessageOf<'resumed'>): void {
    if (message.request_id !== undefined && message.request_id !== delivery.requestId) return;
    delivery.isResuming = false;
    this.#accepted(delivery);
    const { run } = delivery;
    if (message.reset === true) run.reset();
    replay(run, message);
    const { state, position } = message;
    run.moveTo(state, position === undefined ? undefined : { position });
  }

  #receive(delivery: Delivery, message: RunMessage): void {
    if (!delivery.isAccepted) this.#accepted(delivery);
    const { run } = delivery;
    if (delivery.isResuming || message.seq <= run.seq) return;
    const first = 'first_seq' in message ? (message.first_seq ?? message.seq) : message.seq;
    if (first !== run.seq + 1) {
      this.#fillHole(delivery);
      return;
    }
    delivery.failures = 0;
    run.apply(message);
    if (run.isEnded) this.#forget(delivery);
  }

  /** Resumes from the last known message because a message is missing or cannot be applied. */
  #fillHole(delivery: Delivery): void {
    if (++delivery.failures > MAX_FAILURES) {
      const message = 'The server keeps leaving out messages of the run';
      this.#end(delivery, 'failed', new AgentClientError('protocol_error', message, { runId: delivery.run.id }));
      return;
    }
    // Messages that arrive before the answer come again after it.
    delivery.isResuming = true;
    clearTimeout(delivery.timer);
    const delayMs = delivery.resumedAt + HOLE_MS - performance.now();
    if (delayMs > 0) delivery.timer = setTimeout(() => this.#resume(delivery), delayMs);
    else this.#resume(delivery);
  }

  #refused(message: ServerMessageOf<'error'>): boolean {
    const { request_id: id, run_id: runId } = message;
    for (const delivery of this.#deliveries.values()) {
      if (id === undefined ? delivery.run.id !== runId : delivery.requestId !== id && delivery.cancelId !== id)
        continue;
      if (id !== undefined && delivery.cancelId === id) this.#refusedCancel(delivery, message);
      else this.#refusedRun(delivery, message);
      return true;
    }
    return false;
  }

  /** The run goes on, and may be cancelled again. */
  #refusedCancel(delivery: Delivery, message: ServerMessageOf<'error'>): void {
    if (this.#retry(delivery, message)) return;
    delivery.isCancelWanted = false;
    delivery.failures = 0;
    this.#onError(errorOf({ ...message, run_id: delivery.run.id }));
  }

  #refusedRun(delivery: Delivery, message: ServerMessageOf<'error'>): void {
    const { run, isResuming, isAccepted, isRepeated, request } = delivery;
    delivery.isResuming = false;
    if (isResuming && message.code === 'run_not_found' && delivery.epoch !== undefined) {
      if (delivery.epoch !== this.#wire.epoch) {
        const sentence = 'The server does not know the run any more: whether it took effect is unknown';
        this.#end(delivery, 'failed', new AgentClientError('outcome_unknown', sentence, { runId: run.id }));
        return;
      }
      if (request !== undefined && !isAccepted) {
        this.#request(delivery);
        return;
      }
    }
    // A refused first request has made no run: its caller decides when to ask again.
    const mayBeThere = isResuming || isRepeated;
    if (!mayBeThere || !this.#retry(delivery, message)) this.#end(delivery, 'failed', errorOf(message));
  }

  /** Tries again later if the server refused temporarily. */
  #retry(delivery: Delivery, { retryable, retry_after_ms }: ServerMessageOf<'error'>): boolean {
    if (!retryable || ++delivery.failures > MAX_FAILURES) return false;
    clearTimeout(delivery.timer);
    const delayMs = toldMs(retry_after_ms, backoffMs(RETRY, delivery.failures));
    delivery.timer = setTimeout(() => this.#recover(delivery), delayMs);
    return true;
  }

  #end(delivery: Delivery, state: 'failed' | 'cancelled', error: AgentClientError): void {
    this.#forget(delivery);
    delivery.run.end(state, error);
  }

  #forget(delivery: Delivery): void {
    clearTimeout(delivery.timer);
    this.#wire.outbox.withdraw(delivery);
    if (this.#deliveries.get(delivery.run.id) === delivery) this.#deliveries.delete(delivery.run.id);
    if (this.#held.delete(delivery)) this.#release();
  }
}

/** What is sent of the run up to `head` is past; only these approvals of it still wait. */
function replay(
  run: Run,
  { head = 0, pending_approvals = [] }: Partial<ServerMessageOf<'resumed' | 'run_started'>>,
): void {
  run.replaying(head, pending_approvals.map(approvalOf));
}
