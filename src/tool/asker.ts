import type { Principal } from '../connection/principal.js';

/** Who asks: told to providers, and to options that are functions of it. */
export interface Asker<P extends Principal = Principal, Metadata = unknown> {
  /** Who owns the run. After a restart its `id` alone is known. */
  readonly principal: P;
  /** The run. */
  readonly runId: string;
  /** The conversation the run belongs to, where it belongs to one. */
  readonly conversationId?: string | undefined;
  /** What the `metadata` hook made for the connection that asked; `undefined` after a restart. */
  readonly metadata?: Metadata | undefined;
}
