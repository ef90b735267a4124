import { CLOSE_CODES as BARE, type CloseCodeInfo, type CloseCodeName } from './close-codes.js';

/** What happened, for readers of the documentation. Pages that show no documentation need none of it. */
export const CLOSE_MEANINGS: Readonly<Record<CloseCodeName, string>> = {
  normal: 'The connection was closed normally.',
  goingAway: 'The host server was closed.',
  protocolError: 'The frame breaks RFC 6455.',
  unsupportedData: 'The server does not accept this kind of data.',
  noStatus: 'The connection closed without a code. Never sent, only observed.',
  abnormal: 'The connection was lost. Never sent, only observed.',
  invalidText: 'A text frame is not valid UTF-8.',
  policy: 'A message had too many fragments.',
  tooBig: 'A message exceeds the size limit; do not send it again.',
  internal: 'The server failed; the cause is in its log.',
  draining: 'The server is restarting; reconnect.',
  overCapacity: 'The server is at its limit of connections, or of what it holds of unfinished messages.',
  protocolViolation: 'The client violated this protocol repeatedly.',
  unauthorized: 'Authenticate again before reconnecting.',
  forbidden: 'This client is not allowed to connect.',
  handshakeTimeout: 'Authentication did not finish in time.',
  unknownKey: 'The server has none of the keys that the client has pinned.',
  undecryptable:
    'An encrypted message is not the next one of its sender: it was changed, repeated, moved, cut off or forged.',
  encryptionRequired: 'One side requires encrypted messages, and the other did not negotiate them.',
  rateLimited: 'The client exceeded its rate limit repeatedly.',
  slowConsumer: 'The send buffer of a slow client was full; the connection is terminated 2 s later.',
};

/** A row of {@link CLOSE_CODES}. */
export interface DocumentedCloseCode extends CloseCodeInfo {
  /** What happened, for readers of the documentation. */
  readonly meaning: string;
}

type Documented = { readonly [Name in CloseCodeName]: (typeof BARE)[Name] & DocumentedCloseCode };

/** Every way a connection ends, with what it means. */
export const CLOSE_CODES = Object.fromEntries(
  Object.entries(BARE).map(([name, info]) => [name, { ...info, meaning: CLOSE_MEANINGS[name as CloseCodeName] }]),
) as Documented;

const byCode = new Map<number, DocumentedCloseCode>(Object.values(CLOSE_CODES).map((info) => [info.code, info]));

/** Looks up a close code. Returns `undefined` for codes outside of the table. */
export function closeCodeInfo(code: number): DocumentedCloseCode | undefined {
  return byCode.get(code);
}
