import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Logger } from '../runtime/logger.js';

/** What one node writes and others act on. */
export const SIGNED_KINDS = ['entry', 'record', 'fact', 'ticket', 'control', 'beat'] as const;

export type SignedKind = (typeof SIGNED_KINDS)[number];

/** Bytes of a signature: half of SHA-256, as RFC 2104, section 5, allows. */
const SIGNATURE_BYTES = 16;

/** Characters of a signature in Base64url. */
const SIGNATURE_LENGTH = 22;

/**
 * Signs what crosses from node to node, so that somebody who can write to Redis, but does not know the secret, can
 * neither decide for a person nor disconnect anybody. Without a secret nothing is signed and everything is accepted.
 */
export class Signer {
  readonly #secrets: readonly string[];
  readonly #logger: Logger;
  readonly #forged: Record<SignedKind, number> = { entry: 0, record: 0, fact: 0, ticket: 0, control: 0, beat: 0 };

  /** @param secrets - the first one signs, all are accepted */
  constructor(secrets: readonly string[], logger: Logger) {
    this.#secrets = secrets;
    this.#logger = logger;
  }

  get isActive(): boolean {
    return this.#secrets.length > 0;
  }

  /** How many messages of each kind were dropped, since their signature was wrong or missing. */
  get forged(): Readonly<Record<SignedKind, number>> {
    return this.#forged;
  }

  /** The signature of a text in its place; empty without a secret. */
  sign(kind: SignedKind, place: string, text: string): string {
    const secret = this.#secrets[0];
    return secret === undefined ? '' : digest(secret, kind, place, text).toString('base64url');
  }

  /** Whether a signature is right. If it is not, the text must be dropped. */
  accepts(kind: SignedKind, place: string, text: string, signature: string): boolean {
    if (this.#secrets.length === 0) return true;
    const given = Buffer.from(signature, 'base64url');
    const isRight =
      given.length === SIGNATURE_BYTES &&
      this.#secrets.some((secret) => timingSafeEqual(digest(secret, kind, place, text), given));
    if (!isRight) this.#refuse(kind);
    return isRight;
  }

  /** A text with its signature before it. */
  seal(kind: SignedKind, place: string, text: string): string {
    return this.sign(kind, place, text) + text;
  }

  /** The text of {@link Signer.seal}; `undefined` if it must be dropped. */
  open(kind: SignedKind, place: string, sealed: string): string | undefined {
    if (this.#secrets.length === 0) return sealed;
    const text = sealed.slice(SIGNATURE_LENGTH);
    return this.accepts(kind, place, text, sealed.slice(0, SIGNATURE_LENGTH)) ? text : undefined;
  }

  #refuse(kind: SignedKind): void {
    // Whoever can write to Redis could otherwise fill the log.
    if (this.#forged[kind]++ === 0) {
      this.#logger.error({ kind }, 'Dropped data in Redis that is not signed with a secret of the cluster');
    }
  }
}

/** Over kind, place and text, of which only the last one may hold any character. */
function digest(secret: string, kind: SignedKind, place: string, text: string): Buffer {
  return createHmac('sha256', secret)
    .update(`${kind}\n${place}\n${text}`, 'utf8')
    .digest()
    .subarray(0, SIGNATURE_BYTES);
}
