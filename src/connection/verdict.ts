import type { CloseCodeInfo } from '../protocol/close-codes.js';
import type { Principal } from './principal.js';

/** Who a client is, or why it is refused. */
export type Verdict<P extends Principal> =
  | { readonly principal: P; readonly refusal?: undefined }
  | { readonly principal?: undefined; readonly refusal: CloseCodeInfo };
