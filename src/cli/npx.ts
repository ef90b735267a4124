import type { Logger } from '../runtime/logger.js';

/** Interval of the check for the parent process, in milliseconds. */
const LOOK_MS = 500;

/**
 * npx runs the command through a shell. A SIGTERM ends npx and the shell, but neither forwards the signal: the server
 * would continue without a parent. So the end of the shell counts as the signal.
 *
 * Only if npx started this process, so that daemons started by npm scripts and other programs continue. Not after a
 * SIGHUP, which ends npx as well, since the server is to outlive the terminal.
 */
export function endWithNpx(logger: Logger, environment: NodeJS.ProcessEnv = process.env): void {
  if (!isOfNpx(environment)) return;
  const parent = process.ppid;
  let isGone = false;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    // Ctrl-C ends the shell and also sends this process a signal, which may arrive a little later.
    if (!isGone) return void (isGone = true);
    clearInterval(timer);
    logger.info({}, 'npx has ended, and the server ends with it');
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_MS);
  timer.unref();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => clearInterval(timer));
}

/** Every process below npx inherits the variables: the script shows whether npx runs only this command. */
function isOfNpx(environment: NodeJS.ProcessEnv): boolean {
  return (
    environment['npm_lifecycle_event'] === 'npx' && /^'?agent-ws'?$/.test(environment['npm_lifecycle_script'] ?? '')
  );
}
