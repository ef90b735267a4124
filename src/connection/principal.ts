/** The owner of a connection and its runs. Embedders add what they need to know about the person. */
export interface Principal {
  /** Stable and unique: it is part of the key of each run. */
  readonly id: string;
}

/** The owner of all connections if there is no `authenticate` hook. */
export const ANONYMOUS: Principal = Object.freeze({ id: 'anonymous' });
