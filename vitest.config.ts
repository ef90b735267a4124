import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { PATIENCE } from './test/helpers/patience-limits.js';

/** Tests that need no `dist`, no network but loopback, and no other process but a Redis server. */
const UNIT = ['unit', 'golden', 'conformance', 'docs'] as const;

/**
 * Tests that start programs and browsers of `dist`. They are one project, because Vitest ends a worker, its browser and
 * the sources it has loaded with the last file of its project. Tests that wait for other processes then also run beside
 * those of pages, which keep the machine busy.
 */
const BUILT = ['integration', 'e2e', 'examples'] as const;

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
    expect: { poll: PATIENCE },
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
        { test: { ...common, name: 'unit', include: filesOf(UNIT) } },
        { test: { ...common, name: 'built', include: filesOf(BUILT), globalSetup: ['test/helpers/build.ts'] } },
        {
          test: {
            ...common,
            // Tests of what users install.
            name: 'package',
            include: filesOf(['package']),
            globalSetup: ['test/helpers/build.ts', 'test/helpers/package.ts'],
          },
        },
      ],
    },
  };
});

function filesOf(folders: readonly string[]): string[] {
  return folders.map((folder) => `test/${folder}/**/*.test.ts`);
}

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
