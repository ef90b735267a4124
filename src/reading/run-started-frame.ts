import { encodeMessage } from '../protocol/encode.js';
import type { RunHandle } from '../run/run-handle.js';
import { attachmentToWire } from '../store/attachment-to-wire.js';
import { pendingApprovals } from './pending-approvals.js';

/** A run, as far as it is told that it has started. */
type StartedRun = Pick<RunHandle, 'id' | 'state' | 'meta' | 'options' | 'log' | 'approvals'>;

/** The `run_started` message of one run. It is encoded once for all connections, since a question may be long. */
export class RunStartedFrame {
  readonly #run: StartedRun;
  #timestamp: number | undefined;
  #encoded = new Uint8Array();

  constructor(run: StartedRun) {
    this.#run = run;
  }

  /** The encoded message with this time stamp. */
  at(timestamp: number): Uint8Array {
    if (timestamp === this.#timestamp) return this.#encoded;
    const { id, state, meta, options, log } = this.#run;
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
      head: log.published || undefined,
      pending_approvals: pendingApprovals(this.#run),
      room: options.author === undefined ? undefined : meta.conversationId,
      from: options.author && { member_id: options.author.memberId, name: options.author.name },
    });
    this.#encoded = new TextEncoder().encode(message);
    return this.#encoded;
  }
}
