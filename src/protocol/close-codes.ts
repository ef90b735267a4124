/** A row of {@link CLOSE_CODES}. */
export interface CloseCodeInfo {
  /** The close code. */
  readonly code: number;
  /** The reason of the close: at most 123 UTF-8 bytes (RFC 6455, section 5.5). */
  readonly reason: string;
  /** What a client does next: never reconnect, reconnect soon, or reconnect after a longer wait. */
  readonly reconnect: 'no' | 'yes' | 'later';
  /** What happened, for readers of the documentation. */
  readonly meaning: string;
}

/** Every way a connection ends. Server and clients share this table. */
export const CLOSE_CODES = {
  normal: { code: 1000, reason: 'Bye', reconnect: 'no', meaning: 'The connection was closed normally.' },
  goingAway: { code: 1001, reason: 'Server is going away', reconnect: 'yes', meaning: 'The host server was closed.' },
  protocolError: {
    code: 1002,
    reason: '',
    reconnect: 'no',
    meaning: 'The frame breaks RFC 6455.',
  },
  unsupportedData: {
    code: 1003,
    reason: 'Unsupported data',
    reconnect: 'no',
    meaning: 'The server does not accept this kind of data.',
  },
  noStatus: {
    code: 1005,
    reason: '',
    reconnect: 'yes',
    meaning: 'The connection closed without a code. Never sent, only observed.',
  },
  abnormal: {
    code: 1006,
    reason: '',
    reconnect: 'yes',
    meaning: 'The connection was lost. Never sent, only observed.',
  },
  invalidText: {
    code: 1007,
    reason: '',
    reconnect: 'no',
    meaning: 'A text frame is not valid UTF-8.',
  },
  policy: { code: 1008, reason: '', reconnect: 'no', meaning: 'A message had too many fragments.' },
  tooBig: {
    code: 1009,
    reason: '',
    reconnect: 'yes',
    meaning: 'A message exceeds the size limit; do not send it again.',
  },
  internal: {
    code: 1011,
    reason: 'Internal error',
    reconnect: 'yes',
    meaning: 'The server failed; the cause is in its log.',
  },
  draining: {
    code: 1012,
    reason: 'Server is restarting',
    reconnect: 'yes',
    meaning: 'The server is restarting; reconnect.',
  },
  overCapacity: {
    code: 1013,
    reason: 'Server is at its connection limit',
    reconnect: 'later',
    meaning: 'The server is at its limit of connections.',
  },
  protocolViolation: {
    code: 4400,
    reason: 'Protocol violation',
    reconnect: 'no',
    meaning: 'The client violated this protocol repeatedly.',
  },
  unauthorized: {
    code: 4401,
    reason: 'Authentication required',
    reconnect: 'no',
    meaning: 'Authenticate again before reconnecting.',
  },
  forbidden: { code: 4403, reason: 'Forbidden', reconnect: 'no', meaning: 'This client is not allowed to connect.' },
  handshakeTimeout: {
    code: 4408,
    reason: 'Handshake took too long',
    reconnect: 'yes',
    meaning: 'Authentication did not finish in time.',
  },
  rateLimited: {
    code: 4429,
    reason: 'Too many messages',
    reconnect: 'later',
    meaning: 'The client exceeded its rate limit repeatedly.',
  },
  slowConsumer: {
    code: 4508,
    reason: 'Client reads too slowly',
    reconnect: 'yes',
    meaning: 'The send buffer of a slow client was full; the connection is terminated 2 s later.',
  },
} as const satisfies Record<string, CloseCodeInfo>;

/** A row of {@link CLOSE_CODES} by name. */
export type CloseCodeName = keyof typeof CLOSE_CODES;

const byCode = new Map<number, CloseCodeInfo>(Object.values(CLOSE_CODES).map((info) => [info.code, info]));

/** Looks up a close code. Returns `undefined` for codes outside of the table. */
export function closeCodeInfo(code: number): CloseCodeInfo | undefined {
  return byCode.get(code);
}
