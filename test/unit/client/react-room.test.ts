import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AgentClient } from '../../../src/client/index.js';
import type { RoomStore } from '../../../src/client/react-room.js';
import { sharedOf } from '../../../src/client/react-stores.js';
import type { ScriptedPeer } from '../../helpers/scripted-server.js';
import { start } from './client.js';

/** The room `r` as a component shows it. The function takes the component away. */
function show(client: AgentClient): { readonly store: RoomStore; readonly hide: () => void } {
  const store = sharedOf(client).room('r');
  const hide = store.subscribe(() => undefined);
  onTestFinished(hide);
  return { store, hide };
}

/** Answers the n-th request to join. */
async function letIn(peer: ScriptedPeer, n = 1): Promise<void> {
  const { request_id } = await peer.next('join', n);
  peer.send(
    { type: 'room_joined', room: 'r', after: 0, epoch: 'e', member_id: 'm1', request_id },
    { type: 'presence', room: 'r', full: true, members: [{ member_id: 'm1', name: 'Ada' }] },
  );
}

const stateOf = ({ store }: { readonly store: RoomStore }) => {
  const { state, error } = store.getSnapshot();
  return [state, error?.code];
};

describe('useRoom', () => {
  it('says that the client gave up connecting, and joins when it connects after all', async () => {
    const { server, client } = await start();
    server.welcomes.push({ close: 4401 });
    const shown = show(client);
    await expect.poll(() => stateOf(shown)).toEqual(['left', 'unauthorized']);
    await client.connect();
    await letIn(await server.peer(2));
    await expect.poll(() => stateOf(shown)).toEqual(['joined', undefined]);
  });

  it('joins again when a closed client connects', async () => {
    const { server, client } = await start();
    const shown = show(client);
    await letIn(await server.peer());
    await expect.poll(() => stateOf(shown)).toEqual(['joined', undefined]);
    client.close();
    expect(stateOf(shown)).toEqual(['left', undefined]);
    await client.connect();
    await letIn(await server.peer(2));
    await expect.poll(() => stateOf(shown)).toEqual(['joined', undefined]);
  });

  it('says that the server took the client out, and does not join again by itself', async () => {
    const { server, client } = await start();
    const shown = show(client);
    const peer = await server.peer();
    await letIn(peer);
    await expect.poll(() => stateOf(shown)).toEqual(['joined', undefined]);
    peer.send({ type: 'room_left', room: 'r' });
    await expect.poll(() => stateOf(shown)).toEqual(['left', 'forbidden']);
    peer.drop();
    const second = await server.peer(2);
    await client.connect();
    await client.send({ type: 'mark' });
    await second.next('mark');
    expect(second.all('join')).toEqual([]);
  });

  it('forgets why it was refused once it is joined', async () => {
    const { server, client } = await start();
    const shown = show(client);
    const peer = await server.peer();
    const { request_id } = await peer.next('join');
    peer.send({ type: 'error', error: 'No', code: 'forbidden', retryable: false, request_id });
    await expect.poll(() => stateOf(shown)).toEqual(['left', 'forbidden']);
    void client.room('r').join();
    await letIn(peer, 2);
    await expect.poll(() => stateOf(shown)).toEqual(['joined', undefined]);
  });

  it.each([true, false])('leaves a room only if it joined it: %s', async (joins) => {
    const { server, client } = await start();
    const room = client.room('r');
    const joined = joins ? undefined : room.join();
    const { hide } = show(client);
    const peer = await server.peer();
    await letIn(peer);
    await joined;
    await expect.poll(() => room.state).toBe('joined');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    hide();
    vi.runOnlyPendingTimers();
    expect(room.state).toBe(joins ? 'left' : 'joined');
  });
});

describe('a room that the client has left', () => {
  it('has no members, whatever was on its way', async () => {
    const { server, client } = await start();
    const room = client.room('r');
    const joined = room.join();
    const peer = await server.peer();
    await letIn(peer);
    await joined;
    await expect.poll(() => room.members.length).toBe(1);
    const heard: unknown[] = [];
    room.on('presence', (members) => heard.push(members));
    room.leave();
    peer.send({ type: 'presence', room: 'r', members: [{ member_id: 'm2', name: 'Bob' }] }, { type: 'mark' });
    await new Promise<void>((resolve) => {
      client.on('message', ({ type }) => type === 'mark' && resolve());
    });
    expect([room.members, heard]).toEqual([[], []]);
  });
});
