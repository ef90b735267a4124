import type { CustomMessage } from '../protocol/server-messages.js';
import type { RequestOptions } from './run-options.js';

/** A message of a type of one's own, an object or an interface: what the `defineMessage` of the server takes. */
export type OwnMessage = CustomMessage | { readonly type: string };

/** What a request of one's own takes. */
export interface OwnRequestOptions extends RequestOptions {
  /**
   * Whether asking twice does no harm. Then it is asked again where the connection was lost before the reply; otherwise
   * it fails with `connection_lost`.
   * @default false
   */
  readonly isRepeatable?: boolean | undefined;
}
