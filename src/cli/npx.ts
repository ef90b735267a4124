import type { Logger } from '../runtime/logger.js';

/** How often the parent is looked at, in milliseconds. */
const LOOK_MS = 500;

/**
 * npx runs the command through a shell. A SIGTERM ends both, and neither hands it on: the server would stay, with
 * nobody to stop it. So the end of that shell counts as the signal.
 *
 * Only where npx itself started this process, so that daemons of npm scripts and of other programs stay; and not after a
 * SIGHUP, which ends npx as well, while the server is to outlive the terminal.
 */
export function endWithNpx(logger: Logger, environment: NodeJS.ProcessEnv = process.env): void {
  if (!isOfNpx(environment)) return;
  const parent = process.ppid;
  let isGone = false;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    // Ctrl-C ends the shell and is a signal for this process as well: it may be on its way.
    if (!isGone) return void (isGone = true);
    clearInterval(timer);
    logger.info({}, 'npx has ended, and the server ends with it');
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_MS);
  timer.unref();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => clearInterval(timer));
}

/** The variables are inherited by whatever npx runs: the script says whether that is this command alone. */
function isOfNpx(environment: NodeJS.ProcessEnv): boolean {
  return (
    environment['npm_lifecycle_event'] === 'npx' && /^'?agent-ws'?$/.test(environment['npm_lifecycle_script'] ?? '')
  );
}
