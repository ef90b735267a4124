import type { CancelReason } from '../../protocol/server-messages.js';
import type { Signer } from '../../store/signer.js';

/**
 * What a node writes that wants a run to stop.
 * @param key - hash of owner and id of the run
 */
export function sealStop(reason: CancelReason, key: string, signer: Signer): string {
  return signer.seal('fact', `${key} stop`, reason);
}

/** Why a run is to be stopped, from what another node has written; `undefined` if that must be dropped. */
export function openStop(sealed: string, key: string, signer: Signer): CancelReason | undefined {
  return signer.open('fact', `${key} stop`, sealed) as CancelReason | undefined;
}
