import { toldMs } from './backoff.js';
import type { AgentClientError } from './client-error.js';
import type { ClientRun } from './client-run.js';
import { callSafely } from './emitter.js';
import type { AttachmentInfo } from './history.js';
import type { Requests } from './requests.js';
import type { RunKind } from './run-event.js';
import type { Wire } from './wire.js';

/** A run in a watched conversation that this client does not read already. */
export interface StartedRun {
  readonly run: ClientRun;
  readonly conversationId: string;
  readonly kind: RunKind;
  /** The question. */
  readonly query: string;
  /** The attachments of the question. */
  readonly attachments?: readonly AttachmentInfo[] | undefined;
  /** The message beside which the question begins a branch. */
  readonly replaceFrom?: string | undefined;
  /** Who asked, in a room. */
  readonly from?: { readonly memberId: string; readonly name: string } | undefined;
}

/** Wait before another try if the server gives no time, in milliseconds. */
const RETRY_MS = 2_000;
/** Minimum wait, whatever the server says, in milliseconds. */
const LEAST_MS = 100;

/** The conversations that this client watches, across connections. */
export class Watches {
  readonly #wire: Wire;
  readonly #requests: Requests;
  readonly #onError: (error: AgentClientError) => void;
  readonly #retries = new Set<ReturnType<typeof setTimeout>>();
  readonly #listeners = new Map<string, Set<(started: StartedRun) => void>>();

  constructor(wire: Wire, requests: Requests, onError: (error: AgentClientError) => void) {
    this.#wire = wire;
    this.#requests = requests;
    this.#onError = onError;
  }

  /** Calls `listener` for every run that begins. Returns a function that removes the listener. */
  add(conversationId: string, listener: (started: StartedRun) => void): () => void {
    let listeners = this.#listeners.get(conversationId);
    if (listeners === undefined) {
      this.#listeners.set(conversationId, (listeners = new Set()));
      if (this.#wire.isUp) this.#watch(conversationId);
    }
    const added = (started: StartedRun): void => listener(started);
    listeners.add(added);
    return () => {
      if (!listeners.delete(added) || listeners.size > 0) return;
      this.#listeners.delete(conversationId);
      if (this.#wire.isUp) this.#wire.send({ type: 'watch', conversation_id: conversationId, active: false });
    };
  }

  /** Handles a new connection, which watches nothing yet. */
  up(): void {
    for (const conversationId of this.#listeners.keys()) this.#watch(conversationId);
  }

  /** Handles a lost connection: the next one watches again. */
  down(): void {
    for (const timer of this.#retries) clearTimeout(timer);
    this.#retries.clear();
  }

  tell(started: StartedRun): void {
    for (const listener of [...(this.#listeners.get(started.conversationId) ?? [])]) callSafely(listener, started);
  }

  #watch(conversationId: string): void {
    const asked = this.#requests.ask({ type: 'watch', conversation_id: conversationId }, 'watching', {
      isRepeatable: false,
    });
    asked.catch((error: unknown) => this.#refused(conversationId, error as AgentClientError));
  }

  #refused(conversationId: string, error: AgentClientError): void {
    // The next connection watches again.
    if (!this.#wire.isUp || !this.#listeners.has(conversationId)) return;
    if (!error.retryable) {
      this.#onError(error);
      return;
    }
    const delayMs = Math.max(toldMs(error.retryAfterMs, RETRY_MS), LEAST_MS);
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      if (this.#wire.isUp && this.#listeners.has(conversationId)) this.#watch(conversationId);
    }, delayMs);
    this.#retries.add(timer);
  }
}
