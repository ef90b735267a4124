import { expect, it, onTestFinished } from 'vitest';
import { ClusterProcesses } from '../helpers/cluster-processes.js';
import { startStreams } from '../helpers/cluster-streams.js';
import { redisBehindOneAddress } from '../helpers/failover.js';
import { missingRedis } from '../helpers/redis.js';

it.skipIf(missingRedis() !== '')(
  `A cluster loses nothing if a replica takes over that lacks what readers have already${missingRedis()}`,
  { timeout: 120_000 },
  async () => {
    const redis = await redisBehindOneAddress();
    const cluster = await ClusterProcesses.start(redis.port);
    onTestFinished(() => cluster.end());
    const { viewers, say, check } = await startStreams(cluster, 60);
    const shown = (): number => Math.min(...viewers.map(({ text }) => text.length));
    say(10);
    await Promise.all(viewers.map((viewer) => viewer.shows(500)));
    await redis.lag();
    const known = shown();
    say(20);
    await Promise.all(viewers.map((viewer) => viewer.shows(known + 1_000)));
    await redis.failOver();
    say(5);
    await check();
    // The new master had lost something.
    const [a, b] = cluster.services;
    expect(await a.metric('agent_ws_log_resent_entries_total')).toBeGreaterThan(0);
    expect(await b.metric('agent_ws_log_resent_entries_total')).toBeGreaterThan(0);
  },
);
