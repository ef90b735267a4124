import { LIMITS } from '../protocol/version.js';
import type { Settings } from './options.js';

/**
 * Asks for the token.
 * @throws TypeError if the token cannot be sent, with a message that does not contain it; the error of `token` itself
 */
export async function askToken({ token, tokenIn }: Settings): Promise<string | undefined> {
  if (token === undefined) return undefined;
  const given: unknown = await token();
  const text = typeof given === 'string' ? given.trim() : '';
  const isParameter = /^[^\s<>]+$/.test(text);
  if (tokenIn === 'protocol' ? isSubprotocol(text) : isParameter && text.length <= LIMITS.tokenLength) return text;
  if (text === '') throw new TypeError('The function `token` gave no token');
  if (tokenIn === 'message' && isParameter) {
    throw new TypeError(`The token has ${text.length} characters; in a message it has at most ${LIMITS.tokenLength}`);
  }
  // Text with blanks or tags is probably an error page.
  const hint = isParameter ? 'use `tokenIn: "message"`' : 'it may be the page of an error';
  throw new TypeError(`The token holds characters that cannot be sent: ${hint}`);
}

/** Whether a token can be offered as a subprotocol (RFC 9110, section 5.6.2). */
export function isSubprotocol(token: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(token);
}
