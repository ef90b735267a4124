import type { ConformanceCase } from './conformance-case.js';

/** The subject of one case. */
export interface Subject {
  /** Releases ports, files and processes of the subject. */
  close?(): void | Promise<void>;
}

/** Defines a case that creates its subject, checks it and closes it. */
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
