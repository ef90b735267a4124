import type { RunState } from '../protocol/server-messages.js';
export interface RunStore {
  readonly epoch: string;
  readonly state?: RunState;
}
