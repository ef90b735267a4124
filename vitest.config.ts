import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests that need no `dist`, no network but loopback, and no other process but a Redis server. */
const UNIT = ['unit', 'golden', 'conformance', 'docs'] as const;

/** Tests of what users install, and those that start its programs: they need `dist`. */
const BUILT = ['integration', 'e2e', 'examples', 'package'] as const;

export default defineConfig(({ mode }) => {
  // `npm run test:long`: every random schedule, and the tests that take minutes.
  const parts = (process.env['TEST_PARTS'] ??= mode === 'long' ? '1' : '5');
  const seed = (process.env['TEST_SEED'] ??= String(seedOfCommit()));
  const common = {
    // For a busy machine: a test that passes does not wait for it.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    env: { TEST_SEED: seed, TEST_PARTS: parts },
    setupFiles: ['test/helpers/patience.ts'],
    // The sources are loaded once for all files of a worker: loading takes more time than most tests.
    isolate: false,
  };
  return {
    test: {
      // One more than there are cores: tests wait for browsers and other processes much of their time. Only here: what
      // a project says of it goes before --maxWorkers.
      maxWorkers: availableParallelism() + 1,
      reporters: ['default', './test/helpers/slowest-files.ts'],
      // Translated once for all projects, and for the next run.
      experimental: { fsModuleCache: true },
      // Servers without a logger report what tests break on purpose.
      onConsoleLog: (log: string) => !log.startsWith('[agent-ws]'),
      projects: [
        { test: { ...common, name: 'unit', include: UNIT.map((folder) => `test/${folder}/**/*.test.ts`) } },
        ...BUILT.map((folder) => ({
          test: {
            ...common,
            name: folder,
            include: [`test/${folder}/**/*.test.ts`],
            globalSetup: ['test/helpers/build.ts', ...(folder === 'package' ? ['test/helpers/package.ts'] : [])],
          },
        })),
      ],
    },
  };
});

/** Another one for each commit; 0 outside of a repository. */
function seedOfCommit(): number {
  try {
    const commit = execFileSync('git', ['rev-parse', 'HEAD'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    });
    return Number.parseInt(commit.slice(0, 6), 16);
  } catch {
    return 0;
  }
}
