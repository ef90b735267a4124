/** The owner of a connection and its runs. Embedders add what they need to know about the person. */
export interface Principal {
  /** Stable and unique: it is part of the key of each run. */
  readonly id: string;
  /** What the principal may do, such as `tools:calculator`; see `permissions`. */
  readonly scopes?: readonly string[] | undefined;
  /** When the credentials end, in Unix milliseconds: the connection is closed with code 4401 then. */
  readonly expiresAt?: number | undefined;
}

/** The owner of all connections if there is no `authenticate` hook. */
export const ANONYMOUS: Principal = Object.freeze({ id: 'anonymous' });
