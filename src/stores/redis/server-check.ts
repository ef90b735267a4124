import type { Logger } from '../../runtime/logger.js';
import type { Keys } from './keys.js';
import { PARTITIONS } from './partitions.js';
import type { Durability } from './redis-calls.js';
import type { RedisConnection } from './redis-client.js';
import { CHECK_RIGHTS } from './scripts/rights.js';

/** Version of what the keys hold: servers of another one do not understand it. */
const SCHEMA = '1';
/** How long a Redis may read its files after a start, and the pause between two looks, in milliseconds. */
const LOADING_MS = 120_000;
const LOADING_PAUSE_MS = 100;
/** The oldest Redis, and the oldest in a Redis Cluster, which needs sharded Pub/Sub; that which can wait for its disk. */
const OLDEST = '6.2';
const OLDEST_IN_CLUSTER = '7.0';
const OLDEST_WITH_WAITAOF = '7.2';

/** What {@link checkServer} takes. */
export interface ServerCheck {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly durability: Durability;
  readonly logger: Logger;
}

/**
 * Checks the settings of every Redis that this node works with, and waits until they are ready.
 * @returns whether what is written outlives an end of Redis
 * @throws an `Error` that says what to change
 */
export async function checkServer({ connection, keys, durability, logger }: ServerCheck): Promise<boolean> {
  const servers = await readAll(connection, keys);
  let isDurable = true;
  for (const info of servers) {
    const version = info.get('redis_version') ?? '0';
    const needed = connection.isCluster ? OLDEST_IN_CLUSTER : OLDEST;
    if (isOlder(version, needed)) {
      throw new Error(`Redis ${version} is too old: ${needed} or later is needed`);
    }
    if (durability === 'disk' && isOlder(version, OLDEST_WITH_WAITAOF)) {
      throw new Error(
        `Redis ${version} cannot wait for its disk: "durability: disk" needs ${OLDEST_WITH_WAITAOF} or later`,
      );
    }
    if (durability === 'replica' && info.get('connected_slaves') === '0') {
      throw new Error('Redis has no replica: "durability: replica" waits for one');
    }
    const policy = info.get('maxmemory_policy') ?? 'noeviction';
    if (policy !== 'noeviction') {
      throw new Error(`Redis has maxmemory-policy ${policy} and would delete runs: set it to noeviction`);
    }
    if (info.get('aof_enabled') === '0') isDurable = false;
  }
  if (!isDurable) {
    logger.warn({}, 'Redis has no append-only file: what it holds is lost when it ends. Set "appendonly yes"');
  }
  await checkSchema(connection, keys);
  await CHECK_RIGHTS.run(connection, keys.base(0), []);
  return isDurable;
}

/** What an error at the start means: if Redis refuses a command, its user lacks rights. */
export function reasonOf(cause: unknown): unknown {
  // Within a script only the text tells, which depends on the version of Redis.
  const isRefusal =
    cause instanceof Error && /NOPERM|ACL failure|The user executing the script can't/.test(cause.message);
  if (!isRefusal) return cause;
  return new Error('The user of Redis lacks rights: docs/cluster.md has a line for ACL SETUSER', { cause });
}

async function checkSchema(connection: RedisConnection, keys: Keys): Promise<void> {
  const key = keys.shared('meta');
  await connection.send(key, ['HSETNX', key, 'schema', SCHEMA]);
  const schema = await connection.send(key, ['HGET', key, 'schema']);
  if (schema !== SCHEMA) {
    throw new Error(
      `Redis holds data of version ${String(schema)} under "${keys.prefix}", and this server knows ${SCHEMA}`,
    );
  }
}

/** What each Redis says of itself, when all of them have read their files. */
async function readAll(connection: RedisConnection, keys: Keys): Promise<ReadonlyMap<string, string>[]> {
  const until = performance.now() + LOADING_MS;
  // Whichever masters there are, each has one of the partitions.
  const partitions = connection.isCluster ? Array.from({ length: PARTITIONS }, (_, partition) => partition) : [0];
  for (;;) {
    const infos = await Promise.all(
      partitions.map(async (partition) => String(await connection.send(keys.base(partition), ['INFO']))),
    );
    // Several partitions are of one Redis.
    const distinct = new Map(infos.map((info) => [/^run_id:(\w+)/m.exec(info)?.[1], info]));
    const servers = [...distinct.values()].map(parse);
    if (servers.every((info) => info.get('loading') !== '1')) return servers;
    if (performance.now() > until) throw new Error('Redis is still reading its files');
    await new Promise((resolve) => setTimeout(resolve, LOADING_PAUSE_MS));
  }
}

function parse(info: string): ReadonlyMap<string, string> {
  const lines = info.split('\r\n').filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

function isOlder(version: string, needed: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [neededMajor = 0, neededMinor = 0] = needed.split('.').map(Number);
  return major < neededMajor || (major === neededMajor && minor < neededMinor);
}
