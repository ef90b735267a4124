import { AssertionError } from 'node:assert/strict';

/** Time limit of a call that should answer at once, in milliseconds. */
const LIMIT_MS = 2_000;

/** Settles as `work` does; rejects if `work` takes too long. */
export async function promptly<T>(what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AssertionError({ message: `${what} took longer than ${LIMIT_MS} ms` })),
      LIMIT_MS,
    );
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
