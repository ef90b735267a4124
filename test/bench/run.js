// npm run bench -- [row ...] [--rounds N] [--quick] [--json FILE] [--bare-vs-bare]
// npm run bench -- --cluster [row ...] [--rounds N] [--quick] [--json FILE]
// npm run bench:check -- --against DIR [row ...]
import { existsSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join, resolve as resolvePath } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Bench, LATE_LIMIT_MS, LOAD_CORE, OTHER_WORK_LIMIT } from './lib/bench.js';
import { killAll, pinned, pinSelf } from './lib/child.js';
import { short, table } from './lib/table.js';
import { isStepBack, judged } from './lib/verdict.js';
import { asksAgain } from './rows/asks-again.js';
import { attackers } from './rows/attackers.js';
import { cancel } from './rows/cancel.js';
import { commits } from './rows/cluster/commits.js';
import { delay } from './rows/cluster/delay.js';
import { elsewhere } from './rows/cluster/elsewhere.js';
import { fanOut } from './rows/cluster/fan-out.js';
import { line } from './rows/cluster/line.js';
import { nodeKilled } from './rows/cluster/node-killed.js';
import { tokens as clusterTokens } from './rows/cluster/tokens.js';
import { twoNodes } from './rows/cluster/two-nodes.js';
import { encrypted } from './rows/encrypted.js';
import { firstToken } from './rows/first-token.js';
import { identity } from './rows/identity.js';
import { idle } from './rows/idle.js';
import { liveStreams } from './rows/live-streams.js';
import { paced } from './rows/paced.js';
import { ping } from './rows/ping.js';
import { queries } from './rows/queries.js';
import { resume } from './rows/resume.js';
import { rooms } from './rows/rooms.js';
import { slowReader } from './rows/slow-reader.js';
import { tls } from './rows/tls.js';
import { tokens } from './rows/tokens.js';
import { viewers } from './rows/viewers.js';

const ROWS = {
  idle,
  ping,
  identity,
  'first-token': firstToken,
  'asks-again': asksAgain,
  queries,
  tls,
  encrypted,
  tokens,
  paced,
  'slow-reader': slowReader,
  cancel,
  'live-streams': liveStreams,
  resume,
  rooms,
  viewers,
  attackers,
};
const CLUSTER_ROWS = {
  tokens: clusterTokens,
  delay,
  'two-nodes': twoNodes,
  elsewhere,
  'fan-out': fanOut,
  'node-killed': nodeKilled,
  line,
  commits,
};
const LONGEST_MS = 60 * 60_000;
/** Fewer rounds than this cannot tell a change from noise. */
const LEAST_CHECK_ROUNDS = 5;

const USAGE = `npm run bench -- [row ...] [options]

Rows (all without any): ${Object.keys(ROWS).join(', ')}
With --cluster: ${Object.keys(CLUSTER_ROWS).join(', ')}

  --cluster        rows with a Redis, which the benchmark starts: redis-server must be installed
  --rounds N       rounds per row (5; 3 with --cluster, 2 with --quick)
  --quick          shorter windows
  --json FILE      write every round as JSON as well ("-" for standard output, instead of the tables)
  --starts HOW     of the paced streams: "steady", spread over the length of a stream (default), or
                   "together", all within one pacing period
  --against DIR    another built checkout of this package in place of the bare server
  --check          with --against: say what moved beyond its noise; exit code 1 if a figure got worse
  --sqlite         agent-ws keeps its runs in SQLite
  --bare-vs-bare   the bare server on both sides: how far from 1 the ratios come by noise alone
`;

function fail(text) {
  process.stderr.write(`bench: ${text}\n`);
  process.exit(1);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
        starts: { type: 'string', default: 'steady' },
        against: { type: 'string' },
        check: { type: 'boolean', default: false },
        cluster: { type: 'boolean', default: false },
        sqlite: { type: 'boolean', default: false },
        'bare-vs-bare': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return fail(error.message);
  }
}

const { values, positionals } = readArguments();
if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const rows = values.cluster ? CLUSTER_ROWS : ROWS;
const unknown = positionals.find((name) => !Object.hasOwn(rows, name));
if (unknown !== undefined) fail(`no row "${unknown}"; there are ${Object.keys(rows).join(', ')}`);
if (values.cluster && (values.against !== undefined || values.check || values.sqlite || values['bare-vs-bare'])) {
  fail('--cluster measures this build, and goes with --rounds, --quick and --json only');
}
if (values.check && (values.against === undefined || values['bare-vs-bare'])) {
  fail('--check compares two builds of this package: add --against DIR');
}
// Rows with columns of their own compare two ways to use this build.
const isOfBuilds = (name) => !values.check || rows[name].columns === undefined;
const refused = positionals.find((name) => !isOfBuilds(name));
if (refused !== undefined) fail(`"${refused}" measures this build only: --check has nothing to compare`);
const rounds = Number(values.rounds ?? (values.quick && !values.check ? 2 : values.cluster ? 3 : 5));
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 50) fail(`--rounds is 1 to 50, not "${values.rounds}"`);
if (values.check && rounds < LEAST_CHECK_ROUNDS) fail(`--check needs ${LEAST_CHECK_ROUNDS} rounds or more`);
const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const otherDist = values.against === undefined ? undefined : resolvePath(values.against, 'dist');
for (const dist of [values['bare-vs-bare'] ? undefined : DIST, otherDist]) {
  const missing = dist && ['index.js', 'openai.js'].map((file) => join(dist, file)).find((file) => !existsSync(file));
  if (missing) fail(`${missing} is missing: the benchmark measures built packages, run "npm run build" there first`);
}

process.on('exit', killAll);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));
setTimeout(() => fail(`not done after ${LONGEST_MS / 60_000} minutes`), LONGEST_MS).unref();

const quiet = values.json === '-';
const print = (text) => {
  if (!quiet) process.stdout.write(`${text}\n`);
};
const progress = (text) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
};

if (!['steady', 'together'].includes(values.starts)) fail(`--starts is steady or together, not "${values.starts}"`);
pinSelf(LOAD_CORE);

const begun = Date.now();
const machine = {
  node: process.version,
  cpu: cpus()[0]?.model.trim(),
  cores: cpus().length,
  memory: totalmem(),
  pinned,
};
print(
  `Node ${machine.node}, ${machine.cores} × ${machine.cpu}, ${rounds} rounds, ratio is ` +
    (values.cluster ? 'second / first column of a round' : `agent-ws / ${values.against ?? 'bare'} of a round`),
);
if (!pinned) print('taskset is not here: the processes share all cores, take the figures with care');

const BARE = { script: 'bare.js', args: [] };
const agentWs = (dist, settings = {}) => ({ script: 'agent-ws.js', args: [dist, JSON.stringify(settings)] });
const bench = new Bench({
  quick: values.quick,
  starts: values.starts,
  rounds,
  // Rounds that somebody asked for are made, however long they take.
  freshRounds: values.check || values.rounds !== undefined ? rounds : Math.min(rounds, values.quick ? 2 : 3),
  sides: {
    bare: otherDist === undefined ? BARE : agentWs(otherDist),
    ours: values['bare-vs-bare'] ? BARE : agentWs(DIST, values.sqlite ? { store: 'sqlite' } : {}),
    socketIo: { script: 'socket-io.js', args: [] },
  },
  agentWs: (settings) => agentWs(DIST, settings),
  progress,
});
const report = { machine, rounds, quick: values.quick, starts: values.starts, rows: {}, disturbed: bench.disturbed };
const names = otherDist === undefined ? ['bare ws', 'agent-ws'] : ['other build', 'this build'];
const stepsBack = [];
try {
  await bench.start();
  for (const name of positionals.length > 0 ? positionals : Object.keys(rows).filter(isOfBuilds)) {
    const measure = () => rows[name](bench);
    const lines = values.check ? await judged(measure) : await measure();
    report.rows[name] = lines;
    stepsBack.push(...lines.filter(isStepBack).map(({ label, verdict }) => `${name}, ${label}: ${verdict}`));
    progress('');
    print(`\n${name}\n${table(lines, rows[name].columns ?? names)}`);
  }
} catch (error) {
  fail(error.stack);
}
await bench.stop();

if (bench.disturbed.length > 0) {
  print(
    `\nDisturbed rounds: the load side more than ${LATE_LIMIT_MS} ms late at p99, or other processes on more than ${OTHER_WORK_LIMIT} % of a core`,
  );
  for (const { label, round, side, ...seen } of bench.disturbed) {
    print(
      `  ${label}, round ${round}, ${side}: clients ${short(seen.loadLate)} ms, upstream ${short(seen.upstreamLate)} ms late; ` +
        `others on the server's core ${short(seen.otherOnServerCore)} %, on the load's ${short(seen.otherOnLoadCore)} %`,
    );
  }
}
if (values.check)
  print(`\n${['Worse beyond noise:', ...stepsBack].join('\n  ')}${stepsBack.length > 0 ? '' : ' nothing'}`);
print(`\n${((Date.now() - begun) / 1000).toFixed(0)} s`);
if (values.json !== undefined) {
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (quiet) process.stdout.write(text);
  else writeFileSync(values.json, text);
}
process.exit(stepsBack.length > 0 ? 1 : 0);
