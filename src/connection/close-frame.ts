import { CLOSE_CODES, type CloseCodeInfo } from '../protocol/close-codes.js';

/** Code and reason of a close. */
export type CloseFrame = Pick<CloseCodeInfo, 'code' | 'reason'>;

/** Maximum length of a reason in a close frame, in UTF-8 bytes (RFC 6455, section 5.5). */
const MAX_REASON_BYTES = 123;

const encoder = new TextEncoder();
const room = new Uint8Array(MAX_REASON_BYTES);

/**
 * Makes a close valid: a code that must not be sent becomes 1011, and a reason that is too long is cut between
 * characters.
 */
export function sendable({ code, reason }: CloseFrame): CloseFrame {
  // Callers without a compiler may omit the reason.
  const text = typeof reason === 'string' ? reason : '';
  return {
    code: isSendable(code) ? code : CLOSE_CODES.internal.code,
    reason: text.slice(0, encoder.encodeInto(text, room).read),
  };
}

/** Whether a code may be sent: codes of RFC 6455 and its registry, and the ranges for libraries and applications. */
function isSendable(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
}
