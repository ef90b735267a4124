import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { calculator, type Principal } from '../../src/index.js';
import { clientExamples } from '../../src/http/message-examples.js';
import { TestClient } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';

/** Messages that need no permission. */
const FREE = ['ping', 'auth', 'leave'];

const connect = async (options: Parameters<typeof startServer>[0]) => {
  const server = await startServer({ tools: [calculator], logger: false, ...options });
  return { server, client: await TestClient.connect(server.url) };
};

describe('a principal who may do nothing', () => {
  const asked = Object.values(clientExamples).filter(({ type }) => !FREE.includes(type));

  it.each(asked.map((message) => [message.type, message] as const))('is refused %s', async (type, message) => {
    for (const options of [{ permissions: () => false }, { authenticate: () => ({ id: 'anna', scopes: [] }) }]) {
      const { server, client } = await connect(options);
      client.send({ ...message, request_id: 'r' });
      const { code, request_id: requestId } = await client.next('error');
      expect({ code, requestId }).toEqual({
        code: type === 'tool_call' ? 'unknown_tool' : 'forbidden',
        requestId: 'r',
      });
      expect(server.agent.runs.size).toBe(0);
      // The connection stays.
      client.send({ type: 'ping' });
      await client.next('pong');
    }
  });

  it('may end a watch', async () => {
    const { client } = await connect({ permissions: () => false });
    client.send({ type: 'watch', conversation_id: 'c', active: false });
    expect(await client.next('watching')).toMatchObject({ active: false });
  });
});

describe('the permissions hook', () => {
  it('gets who, what and on what', async () => {
    const asked: unknown[] = [];
    const anna = { id: 'anna', team: 'red' };
    const { client } = await connect({
      authenticate: (): Principal => anna,
      permissions: (principal, action, resource) => {
        asked.push([principal === anna, action, resource]);
        return true;
      },
    });
    const runId = randomUUID();
    client.send({ type: 'agent_query', query: 'Hi', conversation_id: 'c', run_id: runId });
    await client.next('agent_response');
    client.send({ type: 'resume', run_id: runId });
    await client.next('resumed');
    expect(asked).toEqual([
      [true, 'query', { conversationId: 'c' }],
      [true, 'tool', { tool: 'calculator', by: 'model' }],
      [true, 'resume', { runId }],
    ]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('secret-17');
      },
    ],
    ['returns a promise', () => Promise.resolve(true) as unknown as boolean],
    ['returns a promise that rejects', () => Promise.reject(new Error('secret-17')) as unknown as boolean],
  ])('that %s refuses with internal_error, and is logged', async (_how, permissions) => {
    const errors: unknown[] = [];
    const quiet = () => undefined;
    const logger = { debug: quiet, info: quiet, warn: quiet, error: (...line: unknown[]) => void errors.push(line) };
    const { server, client } = await connect({ permissions, logger });
    client.send({ type: 'agent_query', query: 'Hi' });
    const refusal = await client.next('error');
    expect(refusal.code).toBe('internal_error');
    expect(JSON.stringify(refusal)).not.toContain('secret-17');
    expect(errors).toHaveLength(1);
    expect(server.agent.runs.size).toBe(0);
  });

  it.each([['yes', 1, undefined, null]].flat())('that returns %s refuses', async (answer) => {
    const { client } = await connect({ permissions: () => answer as unknown as boolean });
    client.send({ type: 'agent_query', query: 'Hi' });
    expect((await client.next('error')).code).toBe('forbidden');
  });
});
