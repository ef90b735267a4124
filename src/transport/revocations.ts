/** How long a handshake may last beyond the hook, in milliseconds: the agreement on keys, and a process that stands still. */
const MARGIN_MS = 60_000;

/**
 * Whom the operator has revoked lately. What the hook has said of a client, or is about to say from what it read before,
 * is worth nothing then: the connection would outlive the credentials.
 */
export class Revocations {
  readonly #keptMs: number;
  /** By principal, when it was last revoked, on the monotonic clock; the oldest first. */
  readonly #revokedAt = new Map<string, number>();

  /** @param timeoutMs - how long the hook may take */
  constructor(timeoutMs: number) {
    this.#keptMs = timeoutMs + MARGIN_MS;
  }

  add(principalId: string): void {
    const now = performance.now();
    for (const [id, at] of this.#revokedAt) {
      if (at >= now - this.#keptMs) break;
      this.#revokedAt.delete(id);
    }
    this.#revokedAt.delete(principalId);
    this.#revokedAt.set(principalId, now);
  }

  /** Whether a principal was revoked after the hook was asked about its client. */
  has(principalId: string, askedAt: number): boolean {
    return (this.#revokedAt.get(principalId) ?? -Infinity) >= askedAt;
  }
}
