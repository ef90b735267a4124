// npm run chaos: see README.md
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LoadWatch } from '../bench/lib/clock.js';
import { Crowd, PATIENCE_MS } from './lib/crowd.js';
import { Disturbance } from './lib/disturbance.js';
import { load } from './lib/entries.js';
import { report } from './lib/report.js';
import { killEveryRedis, RedisProcess } from './lib/redis-process.js';
import { killAll, ServerProcess } from './lib/server-process.js';
import { fail, readSettings } from './lib/settings.js';
import { Upstream } from './lib/upstream.js';
import { judgeRun, readToolLines } from './lib/verdict.js';

/** Servers of a cluster. */
const NODES = 3;
/** How often the time that was asked for may pass. */
const MOST_ROUNDS = 10;

const { seed, clients, seconds, kills, tokens, cluster } = readSettings();
if (!existsSync(fileURLToPath(new URL('../../dist/sqlite.js', import.meta.url)))) {
  fail('dist/sqlite.js is missing: run "npm run build" first');
}
const directory = mkdtempSync(join(tmpdir(), 'agent-ws-chaos-'));
process.on('exit', () => {
  killAll();
  killEveryRedis();
  rmSync(directory, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));
let step = 'starting';
const longestMs = (seconds * MOST_ROUNDS + 60) * 1_000 + PATIENCE_MS;
setTimeout(() => fail(`not done in time (${step}), seed ${seed}`), longestMs).unref();

const [{ createRandom, FaultProxy }, { createAgentClient }] = await Promise.all([load('testing'), load('client')]);
const what = `${clients} clients, ${seconds} s, ${kills} kills, answers of up to ${tokens} tokens`;
process.stdout.write(`seed ${seed}: ${what}, Node ${process.version}\n`);

const toolFile = join(directory, 'tool.txt');
writeFileSync(toolFile, '');
const upstream = await Upstream.start();
const redis = cluster ? await RedisProcess.start(directory) : undefined;
const place = redis === undefined ? { database: join(directory, 'chaos.db') } : { redis: redis.url };
const options = { ...place, toolFile, upstream: upstream.url };
const servers = await Promise.all(Array.from({ length: cluster ? NODES : 1 }, () => ServerProcess.start(options)));
const proxy = await FaultProxy.start({ target: servers[0].port });
const disturbance = new Disturbance({ proxy, random: createRandom(seed), servers, options, redis });
const crowd = new Crowd({ url: proxy.url(), upstream, tokens, createAgentClient });
const watch = new LoadWatch();

let clientsLeft = clients;
let isDisturbing = true;
const tell = () => {
  step = `${clientsLeft} clients left, ${isDisturbing ? 'a server or Redis does not come back' : 'all servers up'}`;
};
/**
 * On a slow machine the kills may interrupt every run: goes on, with one kill in the same time, until there is something
 * of each kind to judge.
 */
async function disturb() {
  await disturbance.run(seconds * 1_000, kills);
  for (let round = 2; round <= MOST_ROUNDS && kills > 0 && !crowd.hasSeenAll; round++) {
    await disturbance.run(seconds * 1_000, 1);
  }
  crowd.end();
  isDisturbing = false;
  tell();
}
await Promise.all([
  disturb(),
  ...Array.from({ length: clients }, (_, number) => {
    const random = createRandom((seed + number + 1) >>> 0);
    return (number % 4 === 0 ? crowd.libraryClient(random) : crowd.plainClient(random)).then(() => {
      clientsLeft--;
      tell();
    });
  }),
]);

step = 'asking the servers';
const { lateP99 } = watch.take();
const states = await Promise.all(disturbance.servers.map((server) => server.state()));
const live = states.reduce((sum, state) => sum + state.live, 0);
const unfinished = states.reduce((sum, state) => sum + state.unfinished, 0);
const warnings = states.flatMap((state) => state.warnings);
step = 'stopping the servers';
const exitCodes = await Promise.all(disturbance.servers.map((server) => server.stop()));
const toolLines = readToolLines(toolFile);
const violations = [
  ...crowd.burning,
  ...crowd.runs.flatMap((run) => judgeRun(run, { kills: disturbance.kills, upstream, toolLines })),
  ...(live + unfinished > 0 ? [`${live} runs in progress at the end, ${unfinished} of them in the database`] : []),
  ...(upstream.count('open') > 0 ? [`${upstream.count('open')} model calls open at the end`] : []),
  ...exitCodes.filter((code) => code !== 0).map((code) => `a server ended with ${code}`),
];
const lines = report({ runs: crowd.runs, disturbance, upstream, toolLines, lateP99 });
process.stdout.write(`${lines.join('\n')}\n`);
for (const warning of new Set(warnings)) process.stdout.write(`a server warned: ${warning}\n`);
for (const violation of violations.slice(0, 50)) process.stdout.write(`VIOLATION ${violation}\n`);
process.stdout.write(`${violations.length} violations, seed ${seed}\n`);
process.exit(violations.length > 0 ? 1 : 0);
