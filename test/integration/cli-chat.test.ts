import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { calculator, defineTool, type LlmPart, type LlmRequest } from '../../src/index.js';
import type { FinishReason } from '../../src/protocol/server-messages.js';
import { createScriptedProvider } from '../../src/testing/index.js';
import { runCli, startCli } from '../helpers/cli-process.js';
import { runHere, startHere, type CommandHere } from '../helpers/command-here.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { startServer } from '../helpers/server.js';

/** Makes the standard input of a process pass for a terminal, so that no test needs one. */
const AS_TERMINAL = 'data:text/javascript,process.stdin.isTTY=true';
/** As much of a picture as a server looks at. */
const PNG = Buffer.from('\x89PNG\r\n\x1a\n and more', 'latin1');
const CTRL_C = '\u0003';
const CTRL_Z = '\u001a';
/** As a terminal sends what is pasted. */
const pasted = (text: string): string => `\u001b[200~${text}\u001b[201~`;

const question = ({ messages }: LlmRequest): string => messages.findLast(({ role }) => role === 'user')?.content ?? '';

/** An answer that begins and does not end until it is stopped. */
const endless = () => createScriptedProvider(['Once upon', new Promise<void>(() => undefined)]);

/** A chat with somebody who types, ready for the first question. */
async function talk(url: string): Promise<CommandHere> {
  const chat = startHere(['chat', url], { types: true });
  await chat.errors(/Conversation/);
  return chat;
}

describe('agent-ws chat with a pipe', () => {
  it('answers every line on standard output and nothing else, and ends with 0', async () => {
    const server = await startServer({
      provider: createScriptedProvider((request) => ['You said ', question(request), '.']),
    });
    expect(await runCli(['chat', server.url], { input: 'one\n\n  two  \n' })).toEqual({
      code: 0,
      stdout: 'You said one.\nYou said two.\n',
      stderr: '',
    });
  });

  it('stops the answer and asks nothing more when nobody reads its output any more', async () => {
    let goOn = (): void => undefined;
    const released = new Promise<void>((resolve) => (goOn = resolve));
    const provider = createScriptedProvider(['Once ', released, 'upon', new Promise<void>(() => undefined)]);
    const server = await startServer({ provider });
    const chat = startCli(['chat', server.url], { input: 'one\ntwo\n' });
    await chat.output(/Once/);
    chat.closeOutput();
    goOn();
    expect(await chat.exited).toBe(0);
    expect(chat.stderr).toBe('');
    await expect.poll(() => provider.calls[0]?.signal.aborted).toBe(true);
    expect(provider.calls).toHaveLength(1);
  });

  it('ends with 1 if its output cannot be written, and tells why', async () => {
    const provider = createScriptedProvider(['Fine']);
    const server = await startServer({ provider });
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const stdout = new Writable({ write: (_chunk, _encoding, done) => done(full) });
    expect(await runHere(['chat', server.url], { input: 'one\n', stdout })).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Standard output cannot be written: the disk is full\n',
    });
  });

  it('ends with 1 at Ctrl-C before a question, and says nothing', async () => {
    const server = await startServer();
    const chat = startCli(['chat', server.url], { types: true });
    await expect.poll(() => server.agent.connections.size).toBe(1);
    chat.kill('SIGINT');
    expect(await chat.exited).toBe(1);
    expect(chat.stderr).toBe('');
  });

  it('says that nothing was asked', async () => {
    const server = await startServer({ provider: createScriptedProvider(['Fine']) });
    expect(await runHere(['chat', server.url], { input: '\n \n' })).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Nothing was asked: standard input is empty\n',
    });
  });

  it('ends with 1 at a line that is no command, and asks nothing after it', async () => {
    const provider = createScriptedProvider(['Fine']);
    const server = await startServer({ provider });
    expect(await runHere(['chat', server.url], { input: '/etc/hosts: what is it?\ntwo\n' })).toEqual({
      code: 1,
      stdout: '',
      stderr: 'There is no command /etc/hosts: what is it?; /help lists them\n',
    });
    expect(provider.calls).toHaveLength(0);
  });

  it('finds the endpoint of a host by itself', async () => {
    const server = await startServer({ provider: createScriptedProvider(['Fine']) });
    const { host } = new URL(server.url);
    expect(await runHere(['chat', `http://${host}/`], { input: 'one\n' })).toMatchObject({ code: 0, stdout: 'Fine\n' });
  });

  it('is one conversation, and goes on with another where it is told', async () => {
    const provider = createScriptedProvider(['Fine']);
    const server = await startServer({ provider });
    await runHere(['chat', server.url, '--conversation', 'c1'], { input: 'one\ntwo\n' });
    const { stderr } = await runHere(['chat', server.url, '--conversation', 'c1'], { input: 'three\n/history\n' });
    const heard = provider.calls.map(({ request }) => request.messages.map(({ content }) => content).join());
    expect(heard).toEqual(['one', 'one,Fine,two', 'one,Fine,two,Fine,three']);
    expect(stderr.split('\n').slice(-3)).toEqual(['you: three', 'agent: Fine', '']);
  });

  it('puts files to the next question, as text where the server takes it as that alone', async () => {
    const provider = { ...createScriptedProvider(['Fine']), accepts: ['image', 'file'] as const };
    const server = await startServer({ provider });
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'my notes.md'), '# Notes');
    writeFileSync(join(directory, 'dot.png'), PNG);
    const lines = [
      `/attach "${join(directory, 'my notes.md')}"`,
      `/attach ${join(directory, 'dot.png')}`,
      'one',
      'two',
    ];
    const first = await runHere(['chat', server.url, '--conversation', 'c1'], { input: lines.join('\n') });
    expect(first).toEqual({
      code: 0,
      stdout: 'Fine\nFine\n',
      stderr: 'With the next question: my notes.md\nWith the next question: my notes.md, dot.png\n',
    });
    const asked = provider.calls.map(({ request }) => request.messages.at(-1));
    expect(asked[0]).toMatchObject({
      content: 'one',
      attachments: [
        { type: 'file', mediaType: 'text/plain', name: 'my notes.md', data: Buffer.from('# Notes').toString('base64') },
        { type: 'image', mediaType: 'image/png', name: 'dot.png', data: PNG.toString('base64') },
      ],
    });
    // They belong to one question.
    expect(asked[1]).not.toHaveProperty('attachments.0');
    const { stderr } = await runHere(['chat', server.url, '--conversation', 'c1'], { input: '/history\n' });
    expect(stderr).toContain('you: one [my notes.md] [dot.png]\n');
  });

  it('shows in its history why a tool failed', async () => {
    const call: LlmPart = { type: 'tool-call', id: 'a', name: 'calculator', arguments: '{"expression":"1/"}' };
    const provider = createScriptedProvider([call], ['It failed.']);
    const server = await startServer({ provider, tools: [calculator] });
    const { stderr } = await runHere(['chat', server.url, '--conversation', 'c1'], { input: 'one\n/history\n' });
    expect(stderr).toMatch(/^calculator: failed: A number is missing .*\.$/m);
    expect(stderr).not.toContain('{"error"');
  });

  it('asks nothing where a file cannot go along, and tells why', async () => {
    const provider = { ...createScriptedProvider(['Fine']), accepts: ['image'] as const };
    const server = await startServer({ provider, attachments: { maxBytes: 100 } });
    const directory = temporaryDirectory();
    const attach = async (name: string, content?: Buffer): Promise<string> => {
      const path = join(directory, name);
      if (content !== undefined) writeFileSync(path, content);
      const { code, stdout, stderr } = await runHere(['chat', server.url], { input: `/attach ${path}\none\n` });
      expect([code, stdout]).toEqual([1, '']);
      return stderr;
    };
    expect(await attach('none.png')).toMatch(/none\.png cannot be read: there is no such file\n$/);
    expect(await attach('big.png', Buffer.alloc(101))).toBe('big.png is larger than 100 bytes\n');
    expect(await attach('empty.png', Buffer.alloc(0))).toBe('empty.png is empty\n');
    expect(await attach('a.txt', Buffer.from('a'))).toMatch(
      /^a\.txt: text\/plain is not taken; these are: image\/png, /,
    );
    expect(provider.calls).toEqual([]);
    const plain = await startServer({ provider: createScriptedProvider(['Fine']) });
    const { code, stderr } = await runHere(['chat', plain.url], { input: '/attach a.png\none\n' });
    expect([code, stderr]).toEqual([1, 'The server or its model takes no attachments\n']);
  });

  it('ends with 1 after a question without an answer, and tells why', async () => {
    const server = await startServer({ provider: createScriptedProvider([new Error('secret')]) });
    const { code, stdout, stderr } = await runCli(['chat', server.url], { input: 'one\ntwo\n' });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^[^\n]+ \(provider_error\)\n$/);
    expect(stderr).not.toContain('secret');
  });

  const finish = (reason: FinishReason, ...parts: LlmPart[]): LlmPart[] => [...parts, { type: 'finish', reason }];
  const text: LlmPart = { type: 'text-delta', text: 'Once upon' };
  it.each([
    ['empty', finish('stop'), 'The answer is empty'],
    ['blank', finish('stop', { type: 'text-delta', text: ' \n' }), 'The answer is empty'],
    ['filtered', finish('content_filter'), "The provider's filter stopped the answer (content_filter)"],
    [
      'filtered at its end',
      finish('content_filter', text),
      "The provider's filter stopped the answer (content_filter)",
    ],
    ['cut off before its first word', finish('length'), 'The answer was cut off at its greatest length (length)'],
  ])('ends with 1 after an answer that is %s, and tells why', async (_name, parts, reason) => {
    const server = await startServer({ provider: createScriptedProvider(parts) });
    const { code, stderr } = await runHere(['chat', server.url], { input: 'one\ntwo\n' });
    expect([code, stderr]).toEqual([1, `${reason}\n`]);
  });

  it('ends with 1 where the model calls tools to its last step', async () => {
    const call: LlmPart = { type: 'tool-call', id: 'c1', name: 'calculator', arguments: '{"expression":"1+1"}' };
    const server = await startServer({ provider: createScriptedProvider([call]), tools: [calculator], maxSteps: 2 });
    const { code, stdout, stderr } = await runHere(['chat', server.url], { input: 'one\n' });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/The model used up its steps \(max_steps\)\n$/);
  });

  it('ends with 0 after an answer that was cut off, and tells so', async () => {
    const server = await startServer({ provider: createScriptedProvider(finish('length', text)) });
    expect(await runHere(['chat', server.url], { input: 'one\n' })).toEqual({
      code: 0,
      stdout: 'Once upon\n',
      stderr: 'The answer was cut off at its greatest length (length)\n',
    });
  });

  it('says in one line that there is no service', async () => {
    const { code, stdout, stderr } = await runHere(['chat', 'ws://127.0.0.1:9/ws/agent'], { input: 'one\n' });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^There is no answer from ws:\/\/127\.0\.0\.1:9\/ws\/agent\.[^\n]+agent-ws serve[^\n]+\n$/);
  });

  it('says what else it knows of an endpoint that is none', async () => {
    const { port } = await startServer({ path: '/elsewhere' });
    const plain = `127.0.0.1:${port}`;
    const secure = `127.0.0.1:${await startTls()}`;
    const [notFound, noTls, tls, untrusted, other] = await Promise.all(
      [
        `ws://${plain}/x`,
        `wss://${plain}/`,
        `ws://${secure}/`,
        `wss://${secure}/`,
        `ws://127.0.0.1:${await echo()}/`,
      ].map((url) => runHere(['chat', url], { input: 'one\n' })),
    );
    expect(notFound?.stderr).toBe(`ws://${plain}/x answers with HTTP status 404, not as a WebSocket endpoint\n`);
    expect(noTls?.stderr).toMatch(/^There is no TLS at wss:.* Try ws:\/\/\n$/);
    expect(tls?.stderr).toMatch(/^There is no HTTP at ws:.* may speak TLS\. Try wss:\/\/\n$/);
    expect(untrusted?.stderr).toMatch(/^The certificate of wss:.* is not trusted: it is signed by itself\..*\n$/);
    expect(other?.stderr).toMatch(/^The server at ws:.* does not speak agent-ws\.v1\n$/);
    for (const result of [notFound, noTls, tls, untrusted, other])
      expect(result).toMatchObject({ code: 1, stdout: '' });
  });

  it('says what a token may hold, and never shows it', async () => {
    const { url } = await startServer();
    const { code, stderr } = await runHere(['chat', url], { input: 'Hi\n', env: { AGENT_WS_TOKEN: 'bad token,,' } });
    expect([code, stderr]).toEqual([
      1,
      "AGENT_WS_TOKEN: must hold nothing but letters, digits and any of !#$%&'*+-.^_`|~\n",
    ]);
    expect(await runHere(['chat', url], { input: 'Hi\n', env: { AGENT_WS_TOKEN: '' } })).toMatchObject({ code: 0 });
  });

  it('names the address and the variable that it cannot use', async () => {
    const secret = { input: 'Hi\n', env: { AGENT_WS_CLIENT_SECRET: 'guessable' } };
    expect(await runCli(['chat', 'localhost'], secret)).toMatchObject({
      code: 1,
      stderr: 'AGENT_WS_CLIENT_SECRET: must be 22 to 128 letters, digits, "-" or "_", received other text\n',
    });
    expect(await runCli(['chat', 'ftp://localhost'], { input: 'Hi\n' })).toMatchObject({
      code: 1,
      stderr: 'The address must be a ws, wss, http or https URL, received "ftp://localhost"\n',
    });
  });

  it.each([
    [['ftp://x'], 'The address must be a ws, wss, http or https URL, received "ftp://x"\n'],
    [['ws://x', 'y'], "error: too many arguments for 'chat'. Expected 1 argument but got 2.\n"],
  ])('refuses %s', async (args, stderr) => {
    expect(await runHere(['chat', ...args])).toEqual({ code: 1, stdout: '', stderr });
  });

  it('shows its token to the server, and says where it does not hold', async () => {
    const server = await startServer({
      authenticate: ({ headers }) => {
        const isKnown = (headers['sec-websocket-protocol'] ?? '').split(/,\s*/).includes('s3cret');
        return isKnown ? { id: 'ann' } : null;
      },
    });
    const ask = (token: string) => runHere(['chat', server.url], { input: 'Hi\n', env: { AGENT_WS_TOKEN: token } });
    expect(await ask('s3cret')).toMatchObject({ code: 0, stdout: 'Hello\n' });
    const refused = await ask('wrong');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^The server closed the connection with 4401[^\n]+\n$/);
  });

  it('refuses a tool that needs a decision', async () => {
    const ran: unknown[] = [];
    const server = await startServer({ ...paying(ran) });
    const { code, stdout, stderr } = await runHere(['chat', server.url], { input: 'Pay\n' });
    expect([code, stdout, ran]).toEqual([0, 'Done\n', []]);
    expect(stderr).toContain('Let pay run with {"amount":5}? Refused: there is nobody to decide');
  });
});

/** A server that speaks TLS, with a certificate nobody knows. */
async function startTls(): Promise<number> {
  const read = (name: string): Buffer => readFileSync(new URL(`../helpers/tls/${name}.pem`, import.meta.url));
  const server = https.createServer({ cert: read('cert'), key: read('key') });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A WebSocket server of another make. */
async function echo(): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => false });
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function paying(ran: unknown[]) {
  const pay = defineTool({
    name: 'pay',
    description: 'Pays',
    params: z.object({ amount: z.number() }),
    needsApproval: true,
    execute: (params) => {
      ran.push(params);
      return 'paid';
    },
  });
  const call = { type: 'tool-call', id: 'c1', name: 'pay', arguments: '{"amount":5}' } as const;
  return { provider: createScriptedProvider([call], ['Done']), tools: [pay] };
}

describe('agent-ws chat in a terminal', () => {
  it('asks whether a tool may run', async () => {
    const ran: unknown[] = [];
    const server = await startServer({ ...paying(ran) });
    const chat = await talk(server.url);
    chat.type('Pay\n');
    await chat.errors(/Let pay run with \{"amount":5\}\?/);
    chat.type('hm\n');
    chat.type('y\n');
    await chat.output(/Done/);
    expect(ran).toEqual([{ amount: 5 }]);
    expect(chat.stderr).toContain('pay({"amount":5})');
    chat.type('/quit\n');
    expect(await chat.exited).toBe(0);
  });

  it('stops the answer at Ctrl-C, and leaves at the second', async () => {
    const provider = endless();
    const server = await startServer({ provider });
    // A process, which shows that nothing keeps it alive.
    const chat = startCli(['chat', server.url], { types: true, imports: [AS_TERMINAL] });
    await chat.errors(/Conversation/);
    chat.type('Tell\n');
    await chat.output(/Once upon/);
    chat.type(CTRL_C);
    await chat.errors(/\(stopped\)/);
    expect(provider.calls[0]?.signal.aborted).toBe(true);
    chat.type('Again\n');
    await chat.output(/Once upon[^]*Once upon/);
    chat.type(CTRL_C);
    chat.type(CTRL_C);
    expect(await chat.exited).toBe(0);
    await expect.poll(() => server.agent.connections.size).toBe(0);
  });

  it('listens again when it goes on after Ctrl-Z', async () => {
    const server = await startServer({ provider: createScriptedProvider(['Fine']) });
    // Tells of the signal in place of the system, which would not stop a process without a shell.
    const tells = 'data:text/javascript,process.on("SIGTSTP",()=>console.error("stopped"))';
    const chat = startCli(['chat', server.url], { types: true, imports: [AS_TERMINAL, tells] });
    await chat.errors(/Conversation/);
    chat.type(CTRL_Z);
    await chat.errors(/stopped\n/);
    chat.kill('SIGCONT');
    await chat.errors(/stopped\n[^]*> /);
    chat.type('one\n');
    await chat.output(/Fine/);
    chat.type('/quit\n');
    expect(await chat.exited).toBe(0);
  });

  it('asks twice before it leaves where there is nothing to stop', async () => {
    const server = await startServer();
    const chat = await talk(server.url);
    chat.type(CTRL_C);
    await chat.errors(/Press Ctrl-C again to leave/);
    chat.type(CTRL_C);
    expect(await chat.exited).toBe(0);
  });

  it('asks what is pasted as one question, once it is sent', async () => {
    const provider = createScriptedProvider((request) => [`You said ${JSON.stringify(question(request))}.`]);
    const server = await startServer({ provider });
    const chat = await talk(server.url);
    chat.type(`First: ${pasted('one\r\r  two')} and three\r`);
    await chat.output(/You said "First: one\\n\\n {2}two and three"\./);
    // Who does not want to send it after all drops it.
    chat.type(`${pasted('four\r')}${CTRL_C}five\r`);
    await chat.output(/You said "five"\./);
    expect(provider.calls).toHaveLength(2);
    chat.type('/quit\r');
    expect(await chat.exited).toBe(0);
    // The terminal marks what is pasted as long as there is a chat.
    expect(chat.stderr.startsWith('\u001b[?2004h')).toBe(true);
    expect(chat.stderr).toContain('\u001b[?2004l');
  });

  it('begins another conversation, and helps', async () => {
    const provider = createScriptedProvider(['Fine']);
    const server = await startServer({ provider });
    const chat = await talk(server.url);
    chat.type('one\n');
    await chat.output(/Fine/);
    chat.type('/new\n/help\n/nothing\n/history\ntwo\n');
    await chat.output(/Fine[^]*Fine/);
    expect(provider.calls.map(({ request }) => request.messages.length)).toEqual([1, 1]);
    const [, first, second] = /Conversation (\S+) at[^]*Conversation (\S+)\n/.exec(chat.stderr) ?? [];
    expect(second).not.toBe(first);
    expect(chat.stderr).toContain('/history      what was said');
    expect(chat.stderr).toContain('There is no command /nothing');
    expect(chat.stderr).toContain('Nothing was said yet');
    chat.endInput();
    expect(await chat.exited).toBe(0);
  });

  it('goes on in the middle of an answer after the connection was lost', async () => {
    let goOn = (): void => undefined;
    const provider = createScriptedProvider(['Once ', new Promise<void>((resolve) => (goOn = resolve)), 'upon a time']);
    const server = await startServer({ provider });
    const chat = await talk(server.url);
    chat.type('Tell\n');
    await chat.output(/Once /);
    for (const { id } of server.agent.connections) {
      server.agent.connections.disconnect(id, { code: 1011, reason: 'Internal error' });
    }
    await chat.errors(/connection lost, reconnecting…[^]*connected again/);
    goOn();
    await chat.output(/upon a time\n/);
    expect(chat.stdout.replaceAll('> ', '').replace(/^.*Tell.*$/gm, '')).toContain('Once upon a time\n');
    expect(provider.calls).toHaveLength(1);
    chat.type('/quit\n');
    expect(await chat.exited).toBe(0);
  });

  it('survives the end of the service, and keeps its conversation where that is stored', async () => {
    const directory = temporaryDirectory();
    const serve = ['serve', '--host', '127.0.0.1', '--provider', 'demo', '--log-format', 'json'];
    const store = ['--store', `sqlite:${join(directory, 'agent.db')}`];
    const first = startCli([...serve, ...store, '--port', '0']);
    const { port } = await first.log('Listening');
    const chat = await talk(`ws://127.0.0.1:${String(port)}/ws/agent`);
    chat.type('What is 1 + 1?\n');
    await chat.output(/\*\*2\*\*/);
    first.kill('SIGKILL');
    await first.exited;
    await chat.errors(/connection lost, reconnecting…/);
    const second = startCli([...serve, ...store, '--port', String(port)]);
    await second.log('Listening');
    await chat.errors(/connected again/);
    chat.type('/history\nWhat is 2 + 2?\n');
    await chat.output(/\*\*4\*\*/);
    expect(chat.stderr).toContain('you: What is 1 + 1?');
    chat.type('/quit\n');
    expect(await chat.exited).toBe(0);
  });
});
