// Builds `dist` if it is missing or older than its sources. With --no-dts the type declarations, which take most of the
// time, are neither checked nor built.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = ['src', 'tsup.config.ts', 'tsconfig.json', 'tsconfig.types.json', 'package.json'];
/** The files that are written last: if they exist and are new, so are all others. */
const CODE = ['dist/index.cjs', 'dist/cli/main.js', 'dist/web/test_websocket.js'];
const TYPES = ['dist/index.d.ts', 'dist/index.d.cts', 'dist/testing.d.cts'];

const withTypes = !process.argv.includes('--no-dts');
if (!isStale(withTypes ? [...CODE, ...TYPES] : CODE)) {
  console.log('agent-ws: dist is newer than src, nothing to build');
} else if (withTypes) {
  console.log('agent-ws: building dist, types included');
  run('npm', ['run', 'build']);
} else {
  console.log('agent-ws: building dist without types');
  const begun = Date.now();
  run('npx', ['tsup', '--no-dts']);
  removeOlder(join(ROOT, 'dist'), begun);
}

function isStale(outputs) {
  const newest = Math.max(...SOURCES.map((path) => newestIn(join(ROOT, path))));
  return outputs.some((path) => !existsSync(join(ROOT, path)) || statSync(join(ROOT, path)).mtimeMs < newest);
}

/** Removes code of former builds: the names of shared files change with their content. */
function removeOlder(directory, begun) {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (/\.c?js$/.test(name) && statSync(path).mtimeMs < begun) rmSync(path);
  }
}

function newestIn(path) {
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  return Math.max(...readdirSync(path).map((name) => newestIn(join(path, name))));
}

function run(command, args) {
  try {
    // On Windows npm is a script, which needs a shell.
    execFileSync(command, args, { cwd: ROOT, stdio: 'inherit', shell: process.platform === 'win32' });
  } catch (error) {
    // The build has printed its errors.
    process.exit(error.status ?? 1);
  }
}
