// npm run bench:versions -- [row ...] [--rounds N]
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { range, ratios } from './lib/table.js';

/** The versions of Node that are supported, as `npx` takes them from the package `node`. */
const VERSIONS = ['20', '22', '24'];
const ROWS = ['ping', 'first-token', 'queries'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' } },
});
const rows = positionals.length > 0 ? positionals : ROWS;
const script = fileURLToPath(new URL('run.js', import.meta.url));

/** Measures with one version of Node on both sides. */
function measure(version) {
  const args = ['-y', `node@${version}`, script, ...rows, '--quick', '--rounds', values.rounds, '--json', '-'];
  const { status, stdout } = spawnSync('npx', args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) process.exit(status ?? 1);
  return JSON.parse(stdout);
}

const reports = VERSIONS.map(measure);
const [first] = reports;
const line = (cells) => process.stdout.write(`| ${cells.join(' | ')} |\n`);
line(['ratio', ...reports.map(({ machine }) => `Node ${machine.node.slice(1)}`)]);
line(['---', ...reports.map(() => '---')]);
for (const row of rows) {
  for (const [at, { label, kind }] of first.rows[row].entries()) {
    if (kind === 'context' || kind === 'rule') continue;
    line([`${row}: ${label}`, ...reports.map((report) => range(ratios(report.rows[row][at])))]);
  }
}
