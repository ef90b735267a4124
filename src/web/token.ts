import { readKept, writeKept } from './kept.js';

const NAME = 'token';

/** The proof of identity as this tab keeps it, until it is closed. */
export function readToken(): string {
  return readKept('sessionStorage', NAME) ?? '';
}

export function keepToken(token: string): void {
  writeKept('sessionStorage', NAME, token);
}

/** The first character that cannot travel in a subprotocol (RFC 9110, section 5.6.2), which is all a browser can send. */
export function wrongCharacter(token: string): string | undefined {
  return /[^!#$%&'*+.^_`|~0-9a-z-]/iu.exec(token)?.[0];
}
