/** Who owns a connection and its runs. Embedders add what they need to know about the person. */
export interface Principal {
  /** Stable, unique per owner: runs are keyed by it. */
  readonly id: string;
}

/** Everybody, where no `authenticate` hook is given. */
export const ANONYMOUS: Principal = Object.freeze({ id: 'anonymous' });
