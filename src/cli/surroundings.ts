import type { Readable, Writable } from 'node:stream';

/** A stream to which a command writes, which may be a terminal. */
export type Screen = Writable & { readonly isTTY?: boolean; hasColors?(): boolean };

/** What a command finds around it. The process has all of it. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: () => string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Screen;
  readonly stderr: Screen;
}
