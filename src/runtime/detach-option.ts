import type { Option } from './option-table.js';
import { delay } from './rule.js';

/** An option that runs obey and connections tell their clients. */
export interface DetachOption {
  /**
   * How long a run goes on after its last reader left, if that reader can come back. In milliseconds, told to every client;
   * then the run is cancelled with reason `abandoned`. A run that waits for an approval is not timed.
   * @default 60000
   */
  detachGraceMs?: number | undefined;
}

export const DETACH_GRACE = {
  text: 'How long a run goes on after its last reader left, if that reader can come back.',
  rule: delay(0),
  default: 60_000,
} as const satisfies Option;
