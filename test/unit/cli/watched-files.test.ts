import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { WatchedFiles } from '../../../src/cli/watched-files.js';
import { silentLogger } from '../../../src/runtime/logger.js';
import { shortenTimers } from '../../helpers/short-timers.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

/** A file that was read, and is watched only after `change` was done with it. */
function watchedAfter(change: (path: string) => void) {
  // After that the file is looked at once.
  shortenTimers(2_000);
  const path = join(temporaryDirectory(), 'file');
  writeFileSync(path, 'old');
  const use = vi.fn<(contents: readonly Buffer[]) => void>();
  const error = vi.fn<(fields: object, message: string) => void>();
  const files = new WatchedFiles({ name: 'file', paths: [path], contents: [readFileSync(path)], use });
  change(path);
  files.watch({ ...silentLogger, error });
  onTestFinished(() => files.unwatch());
  return { path, use, error, read: () => use.mock.calls.map(([contents]) => contents.map(String)) };
}

it('A file is read again if it changed between the first reading and the watch', async () => {
  const { path, read } = watchedAfter((changed) => writeFileSync(changed, 'new'));
  await vi.waitFor(() => expect(read()).toEqual([['new']]));
  writeFileSync(path, 'newest');
  await vi.waitFor(() => expect(read()).toEqual([['new'], ['newest']]));
});

it('A file that is gone is missed once, and read again when it is back', async () => {
  const { path, read, error } = watchedAfter((changed) => renameSync(changed, `${changed}.old`));
  await vi.waitFor(() => expect(error).toHaveBeenCalled());
  renameSync(`${path}.old`, path);
  await vi.waitFor(() => expect(read()).toEqual([['old']]));
  expect(error).toHaveBeenCalledOnce();
});
