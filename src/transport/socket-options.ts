import { CONNECTION_OPTIONS, type ConnectionManagerOptions } from '../connection/connection-options.js';
import type { OptionTable } from '../runtime/option-table.js';
import { boolean, size } from '../runtime/rule.js';

/** What a `WsAcceptor` takes. */
export interface SocketOptions extends Pick<ConnectionManagerOptions, 'maxMessageBytes'> {
  /**
   * Unsent output above which the runs of a connection wait for its client. In bytes.
   * @default 262144
   */
  backpressureBytes?: number | undefined;
  /**
   * Compress messages (RFC 7692), which costs memory and CPU per connection.
   * @default false
   */
  perMessageDeflate?: boolean | undefined;
}

export const SOCKET_OPTIONS = {
  maxMessageBytes: CONNECTION_OPTIONS.maxMessageBytes,
  backpressureBytes: {
    text: 'Unsent output above which the runs of a connection wait for its client.',
    rule: size(1),
    default: 262_144,
  },
  perMessageDeflate: {
    text: 'Compress messages (RFC 7692), which costs memory and CPU per connection.',
    rule: boolean,
    default: false,
  },
} as const satisfies OptionTable<SocketOptions>;
