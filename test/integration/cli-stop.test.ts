import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { TestClient } from '../../src/testing/index.js';
import { ROOT } from '../helpers/build.js';
import { CLI, startCli, type CliOptions, type CliProcess } from '../helpers/cli-process.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

/** A server on the demo, and a client that speaks the whole protocol. */
async function start(options?: CliOptions): Promise<{ cli: CliProcess; url: string; client: TestClient }> {
  const cli = startCli(['serve', '--host', '127.0.0.1', '--port', '0', '--log-file', 'log'], options);
  const url = String((await cli.log('Listening'))['endpoint']);
  return { cli, url, client: await TestClient.connect(url) };
}

/** Opens a TCP connection to where a service listens. */
async function connect(url: string): Promise<void> {
  const socket = connectTcp(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
}

async function ask(client: TestClient, query: string): Promise<void> {
  client.send({ type: 'streaming_query', query });
  await client.next('stream_chunk');
}

describe('a signal', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('%s lets running answers finish, then exits with 0', async (signal) => {
    const { cli, url, client } = await start();
    const other = await TestClient.connect(url, { negotiate: false });
    await ask(client, 'Thank you');
    cli.kill(signal);
    await client.next('going_away');
    // The system itself refuses who comes now.
    await expect(connect(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await client.next('stream_end');
    expect(await client.closed).toMatchObject({ code: 1012 });
    expect(await other.closed).toMatchObject({ code: 1012 });
    expect(other.all('going_away')).toEqual([]);
    expect(await cli.exited).toBe(0);
    expect(cli.lines.at(-1)).toMatchObject({ msg: 'Stopped' });
  });

  it('interrupts what takes longer than 5 s', async () => {
    const { cli, client } = await start();
    await ask(client, 'Tell me a long story');
    cli.kill('SIGTERM');
    expect(await client.next('error')).toMatchObject({ code: 'run_interrupted' });
    expect(await client.closed).toMatchObject({ code: 1012 });
    expect(await cli.exited).toBe(0);
  });

  it('waits as long for runs as it is told to, and before that for load balancers', async () => {
    const { cli, url, client } = await start({ env: { AGENT_DRAIN: '0.1', AGENT_DRAIN_DELAY: '1' } });
    await ask(client, 'Tell me a long story');
    cli.kill('SIGTERM');
    expect((await cli.log(/^Stopping/)).msg).toContain('get 0.1 s');
    // Still accepted.
    const late = await TestClient.connect(url);
    await client.next('going_away');
    await expect(connect(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await client.next('error')).toMatchObject({ code: 'run_interrupted' });
    expect(await late.closed).toMatchObject({ code: 1012 });
    expect(await cli.exited).toBe(0);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s a second time exits at once', async (signal, code) => {
    const cwd = temporaryDirectory();
    const { cli, client } = await start({ cwd });
    await ask(client, 'Tell me a long story');
    cli.kill('SIGTERM');
    await cli.log(/^Stopping/);
    cli.kill(signal);
    expect(await cli.exited).toBe(code);
    expect(client.all('error')).toEqual([]);
    // Nothing of the log is lost with the process.
    expect(readFileSync(join(cwd, 'log'), 'utf8')).toBe(cli.stdout);
    expect(cli.lines.at(-1)).toMatchObject({ level: 'warn', signal });
  });
});

describe('while the service starts', () => {
  /** A service whose provider comes when the test lets it, as one that waits for something. */
  async function starting(cwd: string): Promise<CliProcess> {
    const source = `
      import { existsSync } from 'node:fs';
      import { createDemoProvider } from ${JSON.stringify(pathToFileURL(join(ROOT, 'dist/demo.js')).href)};
      console.error('waiting');
      while (!existsSync('go')) await new Promise((resolve) => setTimeout(resolve, 20));
      export const provider = createDemoProvider();`;
    writeFileSync(join(cwd, 'provider.mjs'), source);
    const flags = ['--host', '127.0.0.1', '--port', '0', '--provider', './provider.mjs', '--log-file', 'log'];
    const cli = startCli(['serve', ...flags], { cwd });
    await cli.errors(/waiting/);
    return cli;
  }

  // Were it the first process of a container, the system would drop a signal that it does not listen for.
  it.each(['SIGINT', 'SIGTERM'] as const)('%s ends it with 0', async (signal) => {
    const cli = await starting(temporaryDirectory());
    cli.kill(signal);
    expect(await cli.exited).toBe(0);
  });

  it('SIGHUP opens the log file anew once it has started', async () => {
    const cwd = temporaryDirectory();
    const cli = await starting(cwd);
    cli.kill('SIGHUP');
    writeFileSync(join(cwd, 'go'), '');
    await cli.log('Listening');
    await cli.log(/^Going on/);
    cli.kill('SIGTERM');
    expect(await cli.exited).toBe(0);
  });
});

describe('SIGHUP', () => {
  it('opens the log file anew, and the service goes on', async () => {
    const cwd = temporaryDirectory();
    const { cli, client } = await start({ cwd });
    await ask(client, 'Thank you');
    renameSync(join(cwd, 'log'), join(cwd, 'log.1'));
    cli.kill('SIGHUP');
    await cli.log(/^Going on/);
    await client.next('stream_end');
    await client.close();
    const read = (name: string) => readFileSync(join(cwd, name), 'utf8');
    await vi.waitFor(() => expect(read('log')).toMatch(/Going on[^]*Connection closed/));
    expect(read('log.1')).toContain('Listening');
    expect(read('log.1')).not.toContain('Going on');
    cli.kill('SIGTERM');
    expect(await cli.exited).toBe(0);
  });

  it('of a terminal that was closed ends the service in order', async () => {
    const helper = fileURLToPath(new URL('../helpers/in-terminal.py', import.meta.url));
    const command = [process.execPath, CLI];
    const flags = ['serve', '--host', '127.0.0.1', '--port', '0', '--log-format', 'json', '--log-file', 'log'];
    const cwd = temporaryDirectory();
    const terminal = spawn('python3', [helper, ...command, ...flags], { cwd });
    onTestFinished(() => void terminal.kill('SIGKILL'));
    let shown = '';
    terminal.stdout.on('data', (data: Buffer) => (shown += data.toString()));
    await vi.waitFor(() => expect(shown).toContain('"endpoint"'));
    const client = await TestClient.connect(String(/"endpoint":"([^"]+)"/.exec(shown)?.[1]));
    terminal.stdin.end();
    expect(await client.closed).toMatchObject({ code: 1012 });
    await once(terminal, 'close');
    // Its last line is written when all is over. What its exit code is Node decides: version 20 aborts after that, since it
    // cannot give the terminal back its settings.
    const lines = readFileSync(join(cwd, 'log'), 'utf8').trimEnd().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ msg: 'Stopped' });
    expect(shown).not.toContain('ended -1\n');
  });
});

describe('an error that nobody handled', () => {
  it.each([
    ['uncaughtException', 'throw new Error("boom")'],
    ['unhandledRejection', 'void Promise.reject(new Error("boom"))'],
  ])('%s ends the process with 1, and neither pipe nor file loses a line', async (origin, statement) => {
    const cwd = temporaryDirectory();
    // The line about the signal still waits for others when the error comes.
    const crash = `process.on("SIGHUP",()=>setImmediate(()=>{${statement}}))`;
    const { cli } = await start({ cwd, imports: [`data:text/javascript,${crash}`] });
    cli.kill('SIGHUP');
    expect(await cli.exited).toBe(1);
    expect(cli.lines.slice(-2)).toMatchObject([
      { level: 'info', signal: 'SIGHUP' },
      { level: 'fatal', origin, err: { message: 'boom' } },
    ]);
    expect(readFileSync(join(cwd, 'log'), 'utf8')).toBe(cli.stdout);
  });
});

it('goes on serving when nobody reads its output any more', async () => {
  const { cli, client, url } = await start();
  cli.closeOutput();
  await (await TestClient.connect(url)).close();
  expect(await client.ask({ type: 'agent_query', query: '1+1' })).toMatchObject({ type: 'agent_response' });
  cli.kill('SIGTERM');
  expect(await cli.exited).toBe(0);
});
