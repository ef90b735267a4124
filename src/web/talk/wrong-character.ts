/**
 * The first character of a token that cannot travel in a subprotocol (RFC 9110, section 5.6.2), which is all a browser
 * can send.
 */
export function wrongCharacter(token: string): string | undefined {
  return /[^!#$%&'*+.^_`|~0-9a-z-]/iu.exec(token)?.[0];
}
