import type { Logger } from '../runtime/logger.js';
import { aKeyPrefix, isRefusal, replyCode } from '../runtime/redis-access.js';
import { textOf } from '../runtime/text-of.js';
import { MIN_SECRET_LENGTH } from '../store/cluster-secret.js';
import type { WorkQueue } from '../store/work-queue.js';
import { CliError } from './cli-error.js';
import { readSettingFile } from './setting-file.js';
import type { ResolvedSettings } from './settings.js';

/** After which time a Redis that answers would have answered, in milliseconds. */
const LATE_MS = 250;

/** Settings that mean nothing without Redis. */
const USELESS_ALONE = [
  'redisPasswordFile',
  'clusterSecretFile',
  'redisPrefix',
  'redisDurability',
  'beatMs',
  'leaseMs',
] as const;

/** How to reach Redis. */
export interface RedisAccess {
  /** With the password. */
  readonly url: string;
  readonly keyPrefix: string;
  readonly clusterSecret: readonly string[] | undefined;
}

/**
 * Reads how to reach Redis; `undefined` if the operator names none.
 * @throws CliError if a file cannot be read, or a setting is useless without Redis
 */
export function redisAccess({ settings, keyOf, isGiven }: ResolvedSettings): RedisAccess | undefined {
  const { redis, redisPasswordFile, redisPrefix: keyPrefix, clusterSecretFile, beatMs, leaseMs } = settings;
  if (redis === undefined) {
    const useless = USELESS_ALONE.find(isGiven);
    if (useless !== undefined) throw new CliError(`${keyOf(useless)}: there is no Redis; add --redis URL`);
    if (settings.run === 'queue') throw new CliError(`${keyOf('run')}: workers need a Redis; add --redis URL`);
    return undefined;
  }
  aKeyPrefix.read('redisPrefix', keyPrefix);
  if (leaseMs < 2 * beatMs) throw new CliError(`${keyOf('leaseMs')}: must be at least twice ${keyOf('beatMs')}`);
  const url = new URL(redis);
  if (redisPasswordFile !== undefined) {
    if (url.password !== '') {
      throw new CliError(`${keyOf('redisPasswordFile')}: ${keyOf('redis')} has a password already`);
    }
    const [password = ''] = linesOf(redisPasswordFile, keyOf('redisPasswordFile'));
    url.password = encodeURIComponent(password);
  }
  const clusterSecret =
    clusterSecretFile === undefined ? undefined : linesOf(clusterSecretFile, keyOf('clusterSecretFile'));
  if (clusterSecret?.some((secret) => secret.length < MIN_SECRET_LENGTH) === true) {
    throw new CliError(
      `${keyOf('clusterSecretFile')}: "${clusterSecretFile}" must hold secrets of at least ${MIN_SECRET_LENGTH} characters, one a line`,
    );
  }
  return { url: url.href, keyPrefix, clusterSecret };
}

/** The passwords and secrets for Redis, in every form in which an error could quote them. */
export function redisSecrets(resolved: ResolvedSettings): readonly string[] {
  const access = redisAccess(resolved);
  if (access === undefined) return [];
  const { password } = new URL(access.url);
  return [password, decodeURIComponent(password), ...(access.clusterSecret ?? [])];
}

/**
 * Opens the line of runs that wait for workers.
 * @throws CliError if that is not possible
 */
export async function openQueue(
  { settings, keyOf }: ResolvedSettings,
  access: RedisAccess,
  logger: Logger,
): Promise<WorkQueue> {
  const { createBullMqQueue } = await import('../queues/bullmq.js');
  const { maxStartsPerMinute } = settings;
  try {
    return await sayIfLate(access, logger, () => createBullMqQueue({ ...access, maxStartsPerMinute, logger }));
  } catch (error) {
    throw cannotReach(keyOf('redis'), error);
  }
}

/** Opens something in Redis, and says after a moment that it waits: the attempts last 5 s. */
export async function sayIfLate<T>({ url }: RedisAccess, logger: Logger, open: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => logger.warn({ redis: new URL(url).host }, 'Waiting for Redis'), LATE_MS);
  try {
    return await open();
  } finally {
    clearTimeout(timer);
  }
}

/** An error in words of the operator, with its causes: only the last one says what is wrong with the connection. */
export function cannotReach(key: string, error: unknown): CliError {
  const said: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) said.push(wordsOf(at), ...adviceOn(at));
  return new CliError(`${key}: ${said.join(': ')}`, { cause: error });
}

/** If several addresses of a host refuse, their common error has a code and no words. */
function wordsOf(error: NodeJS.ErrnoException): string {
  return error.message === '' ? (error.code ?? error.name) : error.message.replace(/\.$/, '');
}

/** What helps against a refusal. */
function adviceOn(error: Error): string[] {
  if (!isRefusal(error)) return [];
  switch (replyCode(error)) {
    case undefined:
      return ['NODE_EXTRA_CA_CERTS=FILE in the environment names the certificate of a private authority'];
    case 'NOPERM':
      return [];
    default:
      return ['--redis-password-file FILE names the password, and --redis redis://USER@HOST the user if it has one'];
  }
}

function linesOf(file: string, key: string): readonly string[] {
  const lines = textOf(readSettingFile(file, key)).split(/\r?\n/);
  const filled = lines.filter((line) => line.trim() !== '');
  if (filled.length === 0) throw new CliError(`${key}: "${file}" is empty`);
  return filled;
}
