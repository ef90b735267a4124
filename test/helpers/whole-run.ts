import type { TestProject } from 'vitest/node';
import { foldersOf } from './build.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Whether the tests of rotation.ts take turns: in a run of all tests, except in `npm run test:long`. */
    takesTurns: boolean;
  }
}

export function setup(project: TestProject): void {
  const folders = foldersOf(project);
  const isWhole = ['unit', 'integration', 'e2e'].every((folder) => folders.includes(folder));
  const { testNamePattern } = project.vitest.config;
  project.provide('takesTurns', isWhole && testNamePattern === undefined && process.env['TEST_PARTS'] !== '1');
}
