import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { folderOf, READS_DIST } from './build.js';

/**
 * Runs tests of `dist` first. They wait for programs and browsers, some for most of a minute, so none of them is to be
 * the last one that a whole run waits for.
 */
export class BuiltFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isFirst = ({ moduleId }: TestSpecification): boolean => READS_DIST.includes(folderOf(moduleId));
    return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))];
  }
}
