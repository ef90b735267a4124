import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { endWithNpx } from '../../src/cli/npx.js';
import { silentLogger } from '../../src/runtime/logger.js';
import { CLI } from '../helpers/cli-process.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

const OF_NPX = { npm_lifecycle_event: 'npx', npm_lifecycle_script: "'agent-ws'" };

describe('a server of npx', () => {
  it('ends in order when the shell between them is gone', async () => {
    // A process group of its own, so that whatever is left goes with the test.
    const shell = spawn('sh', ['-c', '"$0" "$@" & wait', process.execPath, CLI, 'serve', '--port', '0'], {
      cwd: temporaryDirectory(),
      env: { PATH: process.env['PATH'], HOST: '127.0.0.1', ...OF_NPX },
      detached: true,
    });
    onTestFinished(() => {
      try {
        process.kill(-(shell.pid ?? 0), 'SIGKILL');
      } catch {
        // Nobody is left.
      }
    });
    let output = '';
    const closed = once(shell.stdout, 'close');
    const listening = new Promise<void>((resolve) => {
      shell.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (output.includes('"Listening"')) resolve();
      });
    });
    await listening;
    shell.kill('SIGTERM');
    // The server holds the other end of the pipe.
    await closed;
    const messages = output
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages.slice(1)).toEqual([
      'npx has ended, and the server ends with it',
      expect.stringMatching(/^Stopping/),
      'Stopped',
    ]);
  });
});

describe('a server that npx did not start', () => {
  it.each([
    ['by hand', {}],
    ['by a script of npm, which may leave it behind', { ...OF_NPX, npm_lifecycle_event: 'start' }],
    ['by a program that npx runs', { ...OF_NPX, npm_lifecycle_script: 'vitest' }],
    ['into the background', { ...OF_NPX, npm_lifecycle_script: 'agent-ws serve &' }],
  ])('watches nobody: started %s', (_how, environment) => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    endWithNpx(silentLogger, environment);
    expect(vi.getTimerCount()).toBe(0);
    endWithNpx(silentLogger, OF_NPX);
    expect(vi.getTimerCount()).toBe(1);
    vi.clearAllTimers();
    process.removeAllListeners('SIGHUP');
  });
});
