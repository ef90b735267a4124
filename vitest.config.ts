import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BuiltFirst } from './test/helpers/built-first.js';
import { PATIENCE } from './test/helpers/patience-limits.js';

export default defineConfig(({ mode }) => {
  // Of random schedules `npm run test:long` plays every one, and has the tests that take minutes; `npm run test:unit`, for
  // the hand that waits, plays fewer than a run of all tests.
  const parts = (process.env['TEST_PARTS'] ??= { long: '1', unit: '20' }[mode] ?? '5');
  const seed = (process.env['TEST_SEED'] ??= String(seedOfCommit()));
  return {
    test: {
      // One project: Vitest ends a worker, its browser and the sources it has loaded with the last file of its project.
      include: mode === 'unit' ? alone() : ['test/**/*.test.ts'],
      globalSetup: ['test/helpers/whole-run.ts', 'test/helpers/build.ts', 'test/helpers/install-package.ts'],
      setupFiles: ['test/helpers/rotation.ts', 'test/helpers/patience.ts'],
      // The sources are loaded once for all files of a worker: loading takes more time than most tests.
      isolate: false,
      // Threads begin in less time. What starts processes needs one of its own.
      pool: mode === 'unit' ? 'threads' : 'forks',
      // More than there are cores: tests wait much of their time, most of all for browsers and other processes. Each
      // worker loads the sources for itself.
      maxWorkers: availableParallelism() + (mode === 'unit' ? 1 : 2),
      sequence: { sequencer: BuiltFirst },
      // For a busy machine: a test that passes does not wait for it.
      testTimeout: 180_000,
      hookTimeout: 180_000,
      expect: { poll: PATIENCE },
      env: { TEST_SEED: seed, TEST_PARTS: parts },
      reporters: ['default', './test/helpers/slowest-files.ts'],
      // Translated once, and for the next run.
      experimental: { fsModuleCache: true },
      // Servers without a logger report what tests break on purpose.
      onConsoleLog: (log: string) => !log.startsWith('[agent-ws]'),
    },
  };
});

/** `npm run test:unit`: the unit tests that start no process. Tests start Redis by means of these helpers. */
function alone(): string[] {
  return readdirSync('test/unit', { recursive: true, encoding: 'utf8' })
    .map((file) => `test/unit/${file.replaceAll('\\', '/')}`)
    .filter(
      (file) => file.endsWith('.test.ts') && !/helpers\/(?:redis|sentinel|cluster)/.test(readFileSync(file, 'utf8')),
    );
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
