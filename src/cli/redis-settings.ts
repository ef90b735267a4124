import { BULLMQ_QUEUE_OPTIONS } from '../queues/bullmq/options.js';
import { REDIS_STORE_OPTIONS } from '../stores/redis/options.js';
import { listenPlace } from './metrics-place.js';
import { optionSettings, setting } from './setting.js';
import { choice, file, integer, redisAddress } from './value-types.js';

const STORE = optionSettings(REDIS_STORE_OPTIONS, {
  keyPrefix: { group: 'Cluster', flag: '--redis-prefix', env: 'AGENT_REDIS_PREFIX', placeholder: 'prefix' },
  durability: { group: 'Cluster', flag: '--redis-durability', env: 'AGENT_REDIS_DURABILITY', placeholder: 'level' },
  beatMs: { group: 'Cluster', flag: '--redis-beat', env: 'AGENT_REDIS_BEAT' },
  leaseMs: { group: 'Cluster', flag: '--redis-lease', env: 'AGENT_REDIS_LEASE' },
});

const QUEUE = optionSettings(BULLMQ_QUEUE_OPTIONS, {
  maxStartsPerMinute: { group: 'Cluster', flag: '--max-starts', env: 'AGENT_MAX_STARTS', placeholder: 'number' },
});

/** Settings of processes that work together over Redis. */
export const REDIS_SETTINGS = {
  redis: setting({
    group: 'Cluster',
    flag: '--redis',
    env: 'AGENT_REDIS',
    type: redisAddress,
    default: undefined,
    help: 'Redis or Valkey in which runs, conversations and rooms are kept, redis:// or rediss://. Processes with the same one are a cluster.',
  }),
  redisPasswordFile: setting({
    group: 'Cluster',
    flag: '--redis-password-file',
    env: 'AGENT_REDIS_PASSWORD_FILE',
    type: file,
    default: undefined,
    help: 'File with the password for Redis, so that neither the list of processes nor the environment shows it.',
  }),
  redisPrefix: STORE.keyPrefix,
  redisDurability: STORE.durability,
  beatMs: STORE.beatMs,
  leaseMs: STORE.leaseMs,
  clusterSecretFile: setting({
    group: 'Cluster',
    flag: '--cluster-secret-file',
    env: 'AGENT_CLUSTER_SECRET_FILE',
    type: file,
    default: undefined,
    help: 'File with secrets of at least 16 characters, one a line, that sign what nodes tell each other through Redis: the first signs, all are accepted.',
  }),
  run: setting({
    group: 'Cluster',
    flag: '--run',
    env: 'AGENT_RUN',
    type: choice('where', ['inline', 'queue']),
    default: 'inline',
    help: 'Where runs are executed: inline, by this process; queue, by the processes of "agent-ws worker", for which runs wait in line.',
  }),
  concurrency: setting({
    group: 'Cluster',
    flag: '--concurrency',
    env: 'AGENT_CONCURRENCY',
    type: integer('number', 1, 100_000),
    default: 32,
    help: 'How many runs a worker executes at the same time.',
  }),
  maxStartsPerMinute: QUEUE.maxStartsPerMinute,
  health: setting({
    group: 'Cluster',
    flag: '--health',
    env: 'AGENT_HEALTH',
    type: listenPlace,
    default: { host: '127.0.0.1', port: 8004 },
    help: 'Where a worker answers /healthz, /readyz and /metrics. A port alone means this machine only.',
  }),
};
