import { expect, it } from 'vitest';
import { tokenOf } from '../../src/index.js';
import { TestClient } from '../../src/testing/index.js';
import { RawClient, frame, OPCODE } from '../helpers/raw-client.js';
import { startServer } from '../helpers/server.js';
import { expectFrames, normalise } from './frames.js';

const EXPIRES_AT = 4_102_444_800_000;

const authenticate = (request: Parameters<typeof tokenOf>[0]) => {
  const id = tokenOf(request);
  if (id === undefined || id === 'wrong') return null;
  return id === 'short' ? { id, expiresAt: Date.now() + 1_000 } : { id, expiresAt: EXPIRES_AT };
};

it('frames of a first message, and of one that renews', async () => {
  const { port } = await startServer({ authenticate });
  const client = await RawClient.open(port, { headers: { 'Sec-WebSocket-Protocol': 'agent-ws.v1, agent-ws.auth' } });
  await client.headers();
  const texts = (): string[] => client.frames.map(({ payload }) => payload.toString());
  client.socket.write(frame(OPCODE.text, '{"type":"auth","token":"anna","request_id":"a1"}'));
  await expect.poll(() => client.frames.length).toBe(2);
  expect(normalise(texts())).toEqual([
    '{"type":"authenticated","timestamp":T,"principal_id":"anna","expires_at":4102444800,"request_id":"a1"}',
    '{"type":"connected","connection_id":"uuid-1","message":"Connected to Agent WebSocket","protocol":"agent-ws.v1","epoch":"uuid-2","principal_id":"anna","limits":{"message_bytes":1048576,"runs":16,"heartbeat_seconds":30,"detach_seconds":60}}',
  ]);
});

it('frames of tokens on a live connection', async () => {
  const { url } = await startServer({ authenticate });
  const client = await TestClient.connect(url, { protocols: ['anna'] });
  await expectFrames(
    client,
    ['{"type":"auth","token":"anna"}'],
    ['{"type":"authenticated","timestamp":T,"principal_id":"anna","expires_at":4102444800}'],
  );
  await expectFrames(
    client,
    ['{"type":"auth","token":"wrong","request_id":"a2"}'],
    [
      '{"type":"error","error":"The token is not accepted","timestamp":T,"code":"unauthorized","retryable":false,"request_id":"a2"}',
    ],
  );
  await expectFrames(
    client,
    ['{"type":"auth","token":"bob","request_id":"a3"}'],
    [
      '{"type":"error","error":"The token belongs to another principal, which needs its own connection","timestamp":T,"code":"forbidden","retryable":false,"request_id":"a3"}',
    ],
  );
});

it('the frame of credentials that end', async () => {
  const { url } = await startServer({ authenticate });
  const client = await TestClient.connect(url, { protocols: ['short'] });
  await client.next('auth_expiring');
  expect(normalise(client.frames.slice(1)).map((text) => text.replace(/\d+}$/, 'N}'))).toEqual([
    '{"type":"auth_expiring","timestamp":T,"expires_in_ms":N}',
  ]);
});
