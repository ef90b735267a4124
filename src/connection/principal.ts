/** The owner of a connection and its runs. Embedders add what they need to know about the person. */
export interface Principal {
  /** Stable and unique: it is part of the key of each run. */
  readonly id: string;
  /**
   * The name that others see in rooms, and that the model is told. A principal without one names itself.
   * @default none
   */
  readonly name?: string | undefined;
  /** What the principal may do, such as `tools:calculator`; see `permissions`. */
  readonly scopes?: readonly string[] | undefined;
  /** When the credentials end, in Unix milliseconds: the connection is closed with code 4401 then. */
  readonly expiresAt?: number | undefined;
}

/** The owner of all connections if there is no `authenticate` hook. */
export const ANONYMOUS: Principal = Object.freeze({ id: 'anonymous' });

/** How the owners of the runs of rooms begin. */
export const ROOM_PREFIX = 'room:';

/** Whether an id could be taken for that of a room, whose runs and conversation would then be everybody's who has it. */
export function isReservedId(id: string): boolean {
  return id.startsWith(ROOM_PREFIX);
}
