import type { ConformanceCase } from './conformance-case.js';

/** What is made for one case and given back after it. */
export interface Subject {
  /** Gives back what it took: ports, files, processes. */
  close?(): void | Promise<void>;
}

/** A case that makes its subject, checks it and gives it back. */
export function defineCase<S extends Subject>(
  make: () => S | Promise<S>,
  name: string,
  check: (subject: S) => void | Promise<void>,
): ConformanceCase {
  return {
    name,
    run: async () => {
      const subject = await make();
      try {
        await check(subject);
      } finally {
        await subject.close?.();
      }
    },
  };
}
