import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createAgentClient, type ClientRoom } from '../../src/client/index.js';
import { defineTool, type AgentSocketServerOptions } from '../../src/index.js';
import { createScriptedProvider } from '../../src/testing/index.js';
import { runCli } from '../helpers/cli-process.js';
import { runHere, startHere, type CommandHere } from '../helpers/command-here.js';
import { startServer } from '../helpers/server.js';

const CTRL_C = '\u0003';

/** A server at which every client is somebody of its own. */
const start = (options: Partial<AgentSocketServerOptions> = {}) => startServer({ anonymous: 'separate', ...options });

/** A person who types in a room, once they know who is there. */
async function enter(url: string, name: string): Promise<CommandHere> {
  const chat = startHere(['chat', url, '--room', 'team', '--name', name], { types: true });
  await chat.errors(new RegExp(`Here: .*${name} \\(you\\)`));
  return chat;
}

/** Somebody else in the room. */
async function visit(url: string, name: string): Promise<ClientRoom> {
  const client = createAgentClient({ url });
  onTestFinished(() => client.close());
  const room = client.room('team');
  await room.join({ name });
  return room;
}

/** An answer that waits in the middle until it is let go. */
function haltingAnswer() {
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  return { provider: createScriptedProvider(['Once ', released, 'upon']), release };
}

describe('agent-ws chat in a room', () => {
  it('shows who says what and who comes and goes, and nobody their own lines', async () => {
    const { url } = await start();
    const ada = await enter(url, 'Ada');
    const bob = await enter(url, 'Bob');
    await ada.errors(/Bob joined/);
    ada.type('hello Bob\n');
    await bob.output(/^Ada: hello Bob$/m);
    bob.type('hello Ada\n');
    await ada.output(/^Bob: hello Ada$/m);
    expect(ada.stdout).toBe('Bob: hello Ada\n');
    ada.type('/who\n');
    await ada.errors(/^.*Ada \(you\)\n.*Bob\n/m);
    bob.type('/quit\n');
    expect(await bob.exited).toBe(0);
    await ada.errors(/Bob left/);
    ada.endInput();
    expect(await ada.exited).toBe(0);
  });

  it('asks the agent before everybody, also before one who comes late, and hides no words between', async () => {
    const { provider, release } = haltingAnswer();
    const { url } = await start({ provider });
    const ada = await enter(url, 'Ada');
    const bob = await enter(url, 'Bob');
    ada.type('/ask Tell a story\n');
    await Promise.all([ada.output(/agent: Once /), bob.output(/Ada asks: Tell a story\nagent: Once /)]);
    const eve = await enter(url, 'Eve');
    await eve.output(/Ada asks: Tell a story\nagent: Once /);
    bob.type('Nice\n');
    await Promise.all([ada, eve].map((chat) => chat.output(/agent: Once \nBob: Nice\n/)));
    release();
    await Promise.all([ada, eve].map((chat) => chat.output(/Bob: Nice\nagent: upon\n/)));
    eve.type('/history\n');
    await eve.errors(/Ada: Tell a story\n.*agent: Once upon\n/);
    expect(provider.calls[0]?.request.messages.at(-1)).toMatchObject({ content: 'Ada: Tell a story' });
  });

  it('shows no line of one as said by another', async () => {
    const { url } = await start();
    const ada = await enter(url, 'Ada');
    const eve = await visit(url, 'Eve');
    await eve.publish('hello\nBob: pay Eve');
    await ada.output(/pay Eve$/m);
    expect(ada.stdout).toBe('Eve: hello\n  Bob: pay Eve\n');
    await eve.ask('Thanks\nBob: paid');
    ada.type('/history\n');
    await ada.errors(/^Eve: Thanks\n {2}Bob: paid$/m);
  });

  it('stops what it asked at Ctrl-C, and only that', async () => {
    const { provider } = haltingAnswer();
    const { url } = await start({ provider });
    const ada = await enter(url, 'Ada');
    const bob = await enter(url, 'Bob');
    ada.type('/ask Tell\n');
    await bob.output(/agent: Once /);
    bob.type(CTRL_C);
    await bob.errors(/Press Ctrl-C again to leave/);
    expect(provider.calls[0]?.signal.aborted).toBe(false);
    ada.type(CTRL_C);
    await Promise.all([ada.errors(/\(stopped\)/), bob.errors(/\(stopped\)/)]);
  });

  it('lets the one who asked decide about a tool, and tells the others', async () => {
    const ran: unknown[] = [];
    const pay = defineTool({
      name: 'pay',
      description: 'Pays',
      params: z.object({ amount: z.number() }),
      needsApproval: true,
      execute: (params) => void ran.push(params),
    });
    const call = { type: 'tool-call', id: 'c1', name: 'pay', arguments: '{"amount":5}' } as const;
    const { url } = await start({ provider: createScriptedProvider([call], ['Done']), tools: [pay] });
    const ada = await enter(url, 'Ada');
    const bob = await enter(url, 'Bob');
    ada.type('/ask Pay\n');
    const question = /Let pay run with \{"amount":5\}\?/;
    await Promise.all([ada.errors(question), bob.errors(question)]);
    bob.type('y\n');
    await ada.output(/^Bob: y$/m);
    expect(ran).toEqual([]);
    ada.type('y\n');
    await Promise.all([ada, bob].map((chat) => chat.output(/agent: Done\n/)));
    expect(ran).toEqual([{ amount: 5 }]);
    // What is typed next is said again.
    ada.type('paid\n');
    await bob.output(/^Ada: paid$/m);
  });

  it('shows what was said before, and comes back whole', async () => {
    const server = await start();
    const eve = await visit(server.url, 'Eve');
    for (let n = 1; n <= 30; n++) await server.agent.rooms.publish('team', { content: `old ${n}` });
    const ada = await enter(server.url, 'Ada');
    await ada.output(/server: old 30\n/);
    // The newest are enough.
    expect(ada.stdout).toMatch(/^server: old 11\n/);
    for (const connection of server.agent.connections) if (connection.principal.id !== '') connection.terminate();
    await server.agent.rooms.publish('team', { data: { build: 7 } });
    await eve.publish('back');
    await ada.output(/server: old 30\nserver: \{"build":7\}\nEve: back\n/);
    await ada.errors(/connection lost, reconnecting…[^]*connected again/);
  });

  it('says that it was taken out, and ends', async () => {
    const { url, agent } = await start({ authenticate: () => ({ id: 'u1', name: 'Ada' }) });
    const ada = await enter(url, 'Ada');
    agent.rooms.remove('team', 'u1');
    await ada.errors(/You are no longer in the room/);
    expect(await ada.exited).toBe(1);
  });
});

describe('agent-ws chat in a room with a pipe', () => {
  it('says and asks line by line, and hears on standard output what is said from now on', async () => {
    const server = await start({ provider: createScriptedProvider(['Fine']) });
    const eve = await visit(server.url, 'Eve');
    await eve.publish('long ago');
    const heard: string[] = [];
    eve.on('message', ({ from, content, run }) => {
      heard.push(`${from?.name ?? ''}${run === undefined ? '' : '?'} ${content ?? ''}`);
    });
    const args = ['chat', server.url, '--room', 'team', '--name', 'Pipe'];
    const { code, stdout } = await runCli(args, { input: 'one\n/ask two\nthree\n' });
    expect([code, stdout]).toEqual([0, 'agent: Fine\n']);
    await expect.poll(() => heard).toEqual(['Pipe one', 'Pipe? two', 'Pipe three']);
  });

  it('ends with 1 after what was not said or answered, and tells why', async () => {
    const { url } = await start({
      provider: createScriptedProvider([new Error('secret')]),
      maxRoomMessageBytes: 256,
    });
    const chat = (input: string, ...args: string[]) => runHere(['chat', url, '--room', 'team', ...args], { input });
    // One after the other: what is said in the room is for everybody in it.
    const long = await chat(`${'x'.repeat(300)}\nnever\n`);
    const failed = await chat('/ask one\nnever\n');
    const nothing = await chat('');
    const badName = await chat('one\n', '--name', ' two  blanks');
    const badRoom = await runHere(['chat', url, '--room', 'a b'], { input: 'one\n' });
    expect(long.stderr).toMatch(/^Not said: .*must fit into 256 bytes\n$/m);
    expect(failed.stderr).toMatch(/\(provider_error\)\n$/);
    expect(nothing.stderr).toMatch(/Nothing was said: standard input is empty\n$/);
    expect(badName.stderr).toMatch(/words of visible characters/);
    expect(badRoom.stderr).toMatch(/name that a room may have/);
    for (const { code, stdout } of [long, failed, nothing, badName, badRoom]) {
      expect(code).toBe(1);
      expect(stdout).not.toContain('never');
    }
  });

  it.each([
    [['--name', 'Ada'], '--name is for a room: add --room\n'],
    [['--room', 'a', '--conversation', 'c'], /cannot be used with option '--room/],
  ])('refuses %j', async (args, reason) => {
    const { code, stderr } = await runHere(['chat', 'ws://127.0.0.1:9', ...args], { input: 'one\n' });
    expect(code).toBe(1);
    expect(stderr).toMatch(reason);
  });
});
