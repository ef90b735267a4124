/** A row of {@link CLOSE_CODES}. */
export interface CloseCodeInfo {
  /** The close code. */
  readonly code: number;
  /** The reason of the close: at most 123 UTF-8 bytes (RFC 6455, section 5.5). */
  readonly reason: string;
  /** What a client does next: never reconnect, reconnect soon, or reconnect after a longer wait. */
  readonly reconnect: 'no' | 'yes' | 'later';
}

/** Every way a connection ends. Server and clients share this table. */
export const CLOSE_CODES = {
  normal: { code: 1000, reason: 'Bye', reconnect: 'no' },
  goingAway: { code: 1001, reason: 'Server is going away', reconnect: 'yes' },
  protocolError: {
    code: 1002,
    reason: '',
    reconnect: 'no',
  },
  unsupportedData: {
    code: 1003,
    reason: 'Unsupported data',
    reconnect: 'no',
  },
  noStatus: {
    code: 1005,
    reason: '',
    reconnect: 'yes',
  },
  abnormal: {
    code: 1006,
    reason: '',
    reconnect: 'yes',
  },
  invalidText: {
    code: 1007,
    reason: '',
    reconnect: 'no',
  },
  policy: { code: 1008, reason: '', reconnect: 'no' },
  tooBig: {
    code: 1009,
    reason: '',
    reconnect: 'yes',
  },
  internal: {
    code: 1011,
    reason: 'Internal error',
    reconnect: 'yes',
  },
  draining: {
    code: 1012,
    reason: 'Server is restarting',
    reconnect: 'yes',
  },
  overCapacity: {
    code: 1013,
    reason: 'Server is at its connection limit',
    reconnect: 'later',
  },
  protocolViolation: {
    code: 4400,
    reason: 'Protocol violation',
    reconnect: 'no',
  },
  unauthorized: {
    code: 4401,
    reason: 'Authentication required',
    reconnect: 'no',
  },
  forbidden: { code: 4403, reason: 'Forbidden', reconnect: 'no' },
  handshakeTimeout: {
    code: 4408,
    reason: 'Handshake took too long',
    reconnect: 'yes',
  },
  unknownKey: {
    code: 4421,
    reason: 'No pinned key',
    reconnect: 'no',
  },
  undecryptable: {
    code: 4422,
    reason: 'Message cannot be decrypted',
    reconnect: 'yes',
  },
  encryptionRequired: {
    code: 4426,
    reason: 'Encrypted messages are required',
    reconnect: 'no',
  },
  rateLimited: {
    code: 4429,
    reason: 'Too many messages',
    reconnect: 'later',
  },
  slowConsumer: {
    code: 4508,
    reason: 'Client reads too slowly',
    reconnect: 'yes',
  },
} as const satisfies Record<string, CloseCodeInfo>;

/** A row of {@link CLOSE_CODES} by name. */
export type CloseCodeName = keyof typeof CLOSE_CODES;

const byCode = new Map<number, CloseCodeInfo>(Object.values(CLOSE_CODES).map((info) => [info.code, info]));

/** Looks up a close code. Returns `undefined` for codes outside of the table. */
export function closeCodeInfo(code: number): CloseCodeInfo | undefined {
  return byCode.get(code);
}
