import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeEach, inject, type RunnerTask, type TestContext } from 'vitest';
import { folderOf, ROOT } from './build.js';
import { SEED } from './schedules.js';

/**
 * Folders whose tests take turns when all tests are run, since browsers and programs take most of their time, and the number
 * of turns. Each commit has one of the turns. What GUARANTEES.md or SECURITY.md promises is tested in all of them.
 */
const TURNS: Readonly<Record<string, number>> = { e2e: 4, examples: 2, integration: 2, package: 2 };

const PROMISES = ['GUARANTEES.md', 'SECURITY.md'].map((doc) => readFileSync(join(ROOT, doc), 'utf8')).join('');

// A setup file: called before each test file.
if (inject('takesTurns')) beforeEach(skipUnlessDue);

function skipUnlessDue({ task, skip }: TestContext): void {
  const file = task.file.filepath;
  const folder = folderOf(file);
  const turns = TURNS[folder];
  if (turns === undefined || PROMISES.includes(`test/${folder}/${basename(file)}`)) return;
  // Each turn has some tests of a file and, of files with one test, some files.
  const place = readdirSync(dirname(file)).indexOf(basename(file)) + testsOf(task.file.tasks).indexOf(task);
  if (place % turns !== SEED % turns) skip('played with another commit, and by npm run test:long');
}

function testsOf(tasks: readonly RunnerTask[]): RunnerTask[] {
  return tasks.flatMap((task) => (task.type === 'suite' ? testsOf(task.tasks) : [task]));
}
