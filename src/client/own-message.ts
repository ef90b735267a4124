import type { CustomMessage } from '../protocol/server-messages.js';
import type { RequestOptions } from './run-options.js';

/** A message of your own type, declared as type or interface: what `defineMessage` of the server accepts. */
export type OwnMessage = CustomMessage | { readonly type: string };

/** Options of a request with your own message type. */
export interface OwnRequestOptions extends RequestOptions {
  /**
   * Whether the request may be sent twice. If so, it is sent again after the connection was lost before the reply;
   * otherwise the request fails with `connection_lost`.
   * @default false
   */
  readonly isRepeatable?: boolean | undefined;
}
