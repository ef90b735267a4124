import { defineConfig } from 'vitest/config';

/** Tests of what users install: they need `dist`, which the others do not. */
const BUILT = ['examples', 'package'] as const;

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
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
