import { describe, it } from 'vitest';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';
import { byHeader, expectFrames } from './frames.js';

const ID = '6f1e8f5e-3f0c-4c52-9f7e-2a4f3a1b2c3d';

async function connect(options: Parameters<typeof startServer>[0] = {}): Promise<TestClient> {
  const provider = createScriptedProvider(['Two']);
  const { url } = await startServer({ provider, authenticate: byHeader, ...options });
  return TestClient.connect(url, { headers: { 'x-user': 'ada' } });
}

async function member(options: Parameters<typeof startServer>[0] = {}): Promise<TestClient> {
  const client = await connect(options);
  client.sendRaw('{"type":"join","room":"team","name":"Ada"}');
  await client.next('presence');
  return client;
}

describe('Frames of a room', () => {
  it('join, and who is there', async () => {
    await expectFrames(
      await connect(),
      ['{"type":"join","room":"team","name":"Ada","data":{"color":"teal"},"request_id":"j"}'],
      [
        '{"type":"room_joined","timestamp":T,"room":"team","epoch":"uuid-1","after":0,"head":0,"member_id":"39Dj09tkjfLyujDd","request_id":"j"}',
        '{"type":"presence","room":"team","count":1,"members":[{"member_id":"39Dj09tkjfLyujDd","name":"Ada","data":{"color":"teal"}}],"full":true}',
      ],
    );
  });

  it('room_message', async () => {
    await expectFrames(
      await member(),
      [`{"type":"room_message","room":"team","content":"hi","data":[1],"message_id":"${ID}","request_id":"m"}`],
      [
        '{"type":"room_event","room":"team","message_id":"uuid-1","from":{"member_id":"39Dj09tkjfLyujDd","name":"Ada"},"content":"hi","data":[1],"created_at":T,"seq":1}',
        '{"type":"room_published","timestamp":T,"room":"team","message_id":"uuid-1","position":1,"request_id":"m"}',
      ],
    );
  });

  it('presence', async () => {
    await expectFrames(
      await member(),
      ['{"type":"presence","room":"team","state":"typing"}'],
      [
        '{"type":"presence","room":"team","count":1,"members":[{"member_id":"39Dj09tkjfLyujDd","name":"Ada","state":"typing"}]}',
      ],
    );
  });

  it('join of a client that comes back with a position that means nothing here', async () => {
    await expectFrames(
      await member(),
      ['{"type":"join","room":"team","after":3,"epoch":"x"}'],
      [
        '{"type":"room_joined","timestamp":T,"room":"team","epoch":"uuid-1","after":0,"head":0,"recovered":false,"member_id":"39Dj09tkjfLyujDd"}',
        '{"type":"presence","room":"team","count":1,"members":[{"member_id":"39Dj09tkjfLyujDd","name":"Ada"}]}',
      ],
    );
  });

  it('leave', async () => {
    await expectFrames(
      await member(),
      ['{"type":"leave","room":"team","request_id":"l"}', '{"type":"room_message","room":"team","content":"hi"}'],
      [
        '{"type":"room_left","timestamp":T,"room":"team","request_id":"l"}',
        '{"type":"error","error":"The connection has not joined this room","timestamp":T,"code":"room_not_joined","retryable":false}',
      ],
    );
  });

  it('agent_query in a room', async () => {
    const client = await member();
    await expectFrames(
      client,
      [`{"type":"agent_query","query":"q","room":"team","run_id":"${ID}"}`],
      [
        '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"accepted"}',
        '{"type":"room_event","room":"team","message_id":"uuid-1","from":{"member_id":"39Dj09tkjfLyujDd","name":"Ada"},"content":"q","run":{"run_id":"uuid-1","kind":"agent_query"},"created_at":T,"seq":1}',
        '{"type":"status","status":"processing","timestamp":T,"question_id":"uuid-2","answer_id":"uuid-3","run_id":"uuid-1","seq":1}',
        '{"type":"agent_response","content":"Two","vendor":"scripted","timestamp":T,"model":"script-1","conversation_id":"team","finish_reason":"stop","run_id":"uuid-1","seq":2}',
      ],
    );
  });

  it('that has no place left', async () => {
    const { url } = await startServer({ authenticate: byHeader, maxRoomMembers: 1, maxRoomsPerConnection: 1 });
    const first = await TestClient.connect(url, { headers: { 'x-user': 'ada' } });
    first.sendRaw('{"type":"join","room":"team"}');
    await first.next('presence');
    await expectFrames(
      first,
      ['{"type":"join","room":"other"}'],
      [
        '{"type":"error","error":"A connection joins 1 rooms at most","timestamp":T,"code":"too_many_rooms","retryable":true}',
      ],
    );
    await expectFrames(
      await TestClient.connect(url),
      ['{"type":"join","room":"team"}'],
      [
        '{"type":"error","error":"The room has 1 connections, as many as it may have","timestamp":T,"code":"room_full","retryable":true}',
      ],
    );
  });
});
