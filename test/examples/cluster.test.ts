import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { missingRedis, redisOfFile } from '../helpers/redis.js';
import { startExample } from './example.js';

describe(`cluster.mjs${missingRedis()}`, { skip: missingRedis() !== '' }, () => {
  const redis = redisOfFile();

  it('tells a whole answer although the node is killed to which its reader is connected', async () => {
    const { story } = await startExample('cluster.mjs', { REDIS_URL: redis.url, REDIS_PREFIX: randomUUID() });
    const lines = (await story).trimEnd().split('\n');
    const ports = lines.flatMap((line) => /^\[connected to the node at port (\d+)\]$/.exec(line)?.[1] ?? []);
    const killed = lines.indexOf('[the node is killed]');
    expect(killed).toBeGreaterThan(-1);
    expect(lines.slice(killed).some((line) => line.startsWith('[connected to the node'))).toBe(true);
    expect(new Set(ports).size).toBe(2);
    expect(lines.at(-1)).toMatch(/^\[the same text at both nodes: \d{3,} characters\]$/);
  });
});
