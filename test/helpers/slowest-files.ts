import type { Reporter, TestModule } from 'vitest/node';

/** Maximum number of listed files. */
const NAMED = 20;

/** Lists the slowest files at the end of a large run, so that slow tests are noticed early. */
export default class SlowestFiles implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    console.log(
      `\n Random schedules and tests that take turns had the seed ${process.env['TEST_SEED'] ?? ''}; TEST_SEED=… plays them again.`,
    );
    if (modules.length <= NAMED) return;
    const files = modules.map((module) => ({ path: module.relativeModuleId, ms: durationOf(module) }));
    const slowest = files.sort((a, b) => b.ms - a.ms).slice(0, NAMED);
    console.log(`\n The ${NAMED} slowest files of ${modules.length}:`);
    for (const { path, ms } of slowest) console.log(`${(ms / 1_000).toFixed(1).padStart(7)} s  ${path}`);
  }
}

/** Milliseconds from the import of a file to the end of its last test. */
function durationOf(module: TestModule): number {
  const { collectDuration, duration } = module.diagnostic();
  return collectDuration + duration;
}
