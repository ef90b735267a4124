/** What a row of {@link CLOSE_CODES} says about its code. */
export interface CloseCodeInfo {
  /** The number on the wire. */
  readonly code: number;
  /** The reason sent with it: at most 123 UTF-8 bytes (RFC 6455, section 5.5). */
  readonly reason: string;
  /** What a client does next: never come back, come back now, or come back after a longer wait. */
  readonly reconnect: 'no' | 'yes' | 'later';
  /** What happened, for the person who reads the documentation. */
  readonly meaning: string;
}

/** Every way a connection ends. Server and clients share this table. */
export const CLOSE_CODES = {
  normal: { code: 1000, reason: 'Bye', reconnect: 'no', meaning: 'One side is done.' },
  goingAway: { code: 1001, reason: 'Server is going away', reconnect: 'yes', meaning: 'The embedding server closed.' },
  protocolError: {
    code: 1002,
    reason: '',
    reconnect: 'no',
    meaning: 'The frame breaks RFC 6455.',
  },
  unsupportedData: { code: 1003, reason: 'Unsupported data', reconnect: 'no', meaning: 'The data cannot be accepted.' },
  noStatus: { code: 1005, reason: '', reconnect: 'yes', meaning: 'Closed without a code. Never sent, only seen.' },
  abnormal: { code: 1006, reason: '', reconnect: 'yes', meaning: 'The connection was lost. Never sent, only seen.' },
  invalidText: {
    code: 1007,
    reason: '',
    reconnect: 'no',
    meaning: 'A text frame is not valid UTF-8.',
  },
  policy: { code: 1008, reason: '', reconnect: 'no', meaning: 'A message came in too many pieces.' },
  tooBig: {
    code: 1009,
    reason: '',
    reconnect: 'yes',
    meaning: 'A message is over the limit; never send it again.',
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
    meaning: 'The server drains; another one will answer.',
  },
  overCapacity: {
    code: 1013,
    reason: 'Server is at its connection limit',
    reconnect: 'later',
    meaning: 'All connections are taken.',
  },
  protocolViolation: {
    code: 4400,
    reason: 'Protocol violation',
    reconnect: 'no',
    meaning: 'The client keeps breaking this protocol.',
  },
  unauthorized: {
    code: 4401,
    reason: 'Authentication required',
    reconnect: 'no',
    meaning: 'Come back with a new proof of identity.',
  },
  forbidden: { code: 4403, reason: 'Forbidden', reconnect: 'no', meaning: 'This client may not connect.' },
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
    meaning: 'The client keeps exceeding its rate.',
  },
  slowConsumer: {
    code: 4508,
    reason: 'Client reads too slowly',
    reconnect: 'yes',
    meaning: 'Unread output filled its buffer; terminated 2 s later.',
  },
} as const satisfies Record<string, CloseCodeInfo>;

/** A row of {@link CLOSE_CODES} by name. */
export type CloseCodeName = keyof typeof CLOSE_CODES;

const byCode = new Map<number, CloseCodeInfo>(Object.values(CLOSE_CODES).map((info) => [info.code, info]));

/** Looks a close code up. Codes outside the table give `undefined`. */
export function closeCodeInfo(code: number): CloseCodeInfo | undefined {
  return byCode.get(code);
}
