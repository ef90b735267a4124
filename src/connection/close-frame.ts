import { CLOSE_CODES, type CloseCodeInfo } from '../protocol/close-codes.js';

/** What a close says: code and reason. */
export type CloseFrame = Pick<CloseCodeInfo, 'code' | 'reason'>;

/** A reason that a close frame can hold, in UTF-8 bytes (RFC 6455, section 5.5). */
const MAX_REASON_BYTES = 123;

const encoder = new TextEncoder();
const room = new Uint8Array(MAX_REASON_BYTES);

/**
 * The nearest that may be sent: a code nobody may send becomes 1011, and a reason that is too long is cut at a character.
 */
export function sendable({ code, reason }: CloseFrame): CloseFrame {
  // Callers without a compiler may leave the reason out.
  const text = typeof reason === 'string' ? reason : '';
  return {
    code: isSendable(code) ? code : CLOSE_CODES.internal.code,
    reason: text.slice(0, encoder.encodeInto(text, room).read),
  };
}

/** Codes of RFC 6455 and its registry, and the two ranges for libraries and applications. */
function isSendable(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
}
