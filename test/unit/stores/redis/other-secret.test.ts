import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { Members } from '../../../../src/stores/redis/members.js';
import { Signer } from '../../../../src/store/signer.js';
import { missingRedis, redisOfFile } from '../../../helpers/redis.js';
import { openRedisStore } from '../../../helpers/redis-store.js';

const SECRETS = ['a secret of a cluster', 'another secret of a cluster'];
const INFO = { version: '1', connections: 0, totalConnections: 0, totalMessages: 0, runs: 0, draining: false };

describe.skipIf(missingRedis() !== '')(`A node${missingRedis()}`, () => {
  const redis = redisOfFile();

  /** How a node beats that has such a secret, and what its log says. */
  async function startMembers(keyPrefix: string, secret?: string) {
    const { parts } = await openRedisStore(redis.url, { keyPrefix });
    const error = vi.fn<(fields: object, message: string) => void>();
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error };
    const signer = new Signer(secret === undefined ? [] : [secret], logger);
    const nodeId = randomUUID();
    const { connection, keys } = parts;
    const members = new Members({ connection, keys, nodeId, signer, logger, beatMs: 2_000, leaseMs: 8_000 });
    return {
      nodeId,
      beat: () => members.beat(INFO),
      said: () => error.mock.calls.filter(([, message]) => message.includes('do not work together')),
    };
  }

  it.each([
    ['no secret', undefined, SECRETS[0]],
    ['a secret', SECRETS[0], undefined],
    ['another secret', SECRETS[0], SECRETS[1]],
  ])('that has %s says once that other nodes do not work with it', async (_, own, others) => {
    const keyPrefix = `test-${randomUUID()}`;
    const [node, other] = [await startMembers(keyPrefix, own), await startMembers(keyPrefix, others)];
    await other.beat();
    for (let i = 0; i < 3; i++) await node.beat();
    // It may have ended long ago.
    expect(node.said()).toEqual([]);
    for (let i = 0; i < 3; i++) {
      await other.beat();
      await node.beat();
    }
    expect(node.said()).toEqual([[{ node: other.nodeId }, expect.any(String)]]);
    expect(other.said()).toEqual([[{ node: node.nodeId }, expect.any(String)]]);
  });
});
