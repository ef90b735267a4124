import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests of what users install: they need `dist`, which the others do not. */
const BUILT = ['examples', 'package'] as const;

export default defineConfig({
  test: {
    // For a busy machine: a test that passes does not wait for it.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One for each core, and two where there is one: tests wait for browsers and other processes half of their time.
    maxWorkers: Math.max(2, availableParallelism()),
    setupFiles: ['test/helpers/patience.ts'],
    // Servers without a logger report what tests break on purpose.
    onConsoleLog: (log) => !log.startsWith('[agent-ws]'),
    projects: [
      {
        extends: true,
        test: {
          name: 'source',
          include: ['test/**/*.test.ts'],
          exclude: BUILT.map((folder) => `test/${folder}/**`),
        },
      },
      ...BUILT.map((folder) => ({
        extends: true as const,
        test: {
          name: folder,
          include: [`test/${folder}/**/*.test.ts`],
          globalSetup: ['test/helpers/build.ts', ...(folder === 'package' ? ['test/helpers/package.ts'] : [])],
        },
      })),
    ],
  },
});
