import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TestClient } from '../../src/testing/index.js';
import { endpointPath } from '../../src/cli/value-types.js';
import { runCli, startCli, type CliProcess } from '../helpers/cli-process.js';
import { runHere, type HereOptions } from '../helpers/command-here.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { startOpenAiUpstream } from '../helpers/openai-upstream.js';

const LOCAL = ['serve', '--host', '127.0.0.1', '--port', '0'];
const CERT = fileURLToPath(new URL('../helpers/tls/cert.pem', import.meta.url));
const KEY = fileURLToPath(new URL('../helpers/tls/key.pem', import.meta.url));

describe('agent-ws', () => {
  it('alone shows its help', async () => {
    const { code, stdout, stderr } = await runCli([]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('agent-ws serve');
  });

  it('says in one line what is wrong, with a suggestion', async () => {
    expect(await runCli(['serve', '--prot', '1'])).toEqual({
      code: 1,
      stdout: '',
      stderr: "error: unknown option '--prot' (Did you mean --port?)\n",
    });
  });
});

describe('agent-ws serve', () => {
  it('greets people with addresses that work, answers and calculates', async () => {
    const cli = startCli([...LOCAL, '--log-format', 'pretty']);
    const [, url = ''] = await cli.output(/(ws:\/\/127\.0\.0\.1:\d+\/ws\/agent)[^]*Provider {4}demo[^]*OPENAI_API_KEY/);
    expect(url).not.toContain(':0/');
    for (const page of ['/docs', '/ws/statistics', '/healthz']) {
      expect((await fetch(new URL(page, url.replace('ws:', 'http:')))).status, page).toBe(200);
    }
    const home = await fetch(new URL('/', url.replace('ws:', 'http:')), { redirect: 'manual' });
    expect([home.status, home.headers.get('location')]).toEqual([302, 'static/test_websocket.html']);
    // What the service answers itself can be no endpoint.
    const { paths } = (await (await fetch(new URL('/docs/openapi.json', url.replace('ws:', 'http:')))).json()) as {
      paths: object;
    };
    expect(Object.keys(paths).filter((path) => endpointPath.parse(path) !== undefined)).toEqual(['/ws/agent']);
    const client = await TestClient.connect(url);
    expect(
      await client.ask({ type: 'tool_call', tool_name: 'calculator', params: { expression: '123 + 456' } }),
    ).toMatchObject({
      type: 'tool_result',
      result: 579,
    });
    expect(await client.ask({ type: 'agent_query', query: '(3+4)*5 等于多少' })).toMatchObject({
      type: 'agent_response',
      vendor: 'demo',
      content: '计算器的结果：`(3+4)*5` = **35**',
    });
    expect(await client.ask({ type: 'agent_query', query: 'What time is it in Tokyo?' })).toMatchObject({
      content: expect.stringContaining('(Asia/Tokyo)') as string,
    });
    await client.close();
  });

  it('serves tools and a provider of the operator, and whole ids', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(
      join(cwd, 'mine.mjs'),
      `export const provider = { vendor: 'mine', async *stream() { yield { type: 'text-delta', text: 'my answer' }; } };
       export const tools = ({ GREETING }) => [{
         name: 'greet', description: 'd', parameters: {}, timeoutMs: 1000, execute: () => GREETING,
         params: { '~standard': { version: 1, vendor: 'mine', validate: (value) => ({ value }) } },
       }];`,
    );
    const cli = startCli([...LOCAL, '--tools', 'mine.mjs', '--provider', './mine.mjs', '--log-ids', 'full'], {
      cwd,
      env: { GREETING: 'hello' },
    });
    const client = await TestClient.connect(String((await cli.log('Listening'))['endpoint']));
    const greeted = await client.ask({ type: 'tool_call', tool_name: 'greet', params: {} });
    expect(greeted).toMatchObject({ type: 'tool_result', result: 'hello' });
    expect(await client.ask({ type: 'agent_query', query: 'Hi' })).toMatchObject({
      content: 'my answer',
      vendor: 'mine',
    });
    expect(await cli.log('Run ended')).toMatchObject({
      runId: (greeted as { run_id: string }).run_id,
      connectionId: client.connected.connection_id,
      principalId: client.connected.principal_id,
    });
    await client.close();
  });

  it('reads .env, below the environment, below the flags, and tells what of it it does not know, or doubts', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(
      join(cwd, '.env'),
      'HOST=127.0.0.1\nPORT=abc\nWS_PATH=/file\nWS_HEARTBEAT_INTERVAL=7\nWS_MAX_CONNECTIONS=1\n' +
        'AGENT_MAXSTEPS=4\nLOG_FILE=true\n',
    );
    const cli = startCli(['serve', '--port', '0'], { cwd, env: { WS_PATH: '/env', PORT: 'nonsense' } });
    const { endpoint } = await cli.log('Listening');
    expect(endpoint).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/env$/);
    const client = await TestClient.connect(String(endpoint));
    expect(client.connected.limits.heartbeat_seconds).toBe(7);
    expect(await TestClient.refused(String(endpoint))).toMatchObject({ code: 1013 });
    await client.close();
    expect(await cli.log(/AGENT_MAX_STEPS/)).toMatchObject({ level: 'warn' });
    expect(await cli.log(/LOG_FILE=true/)).toMatchObject({ level: 'warn' });
  });

  it('serves https and wss, and tells machines its addresses in one line, on standard output', async () => {
    const cli = startCli([...LOCAL, '--tls-cert', CERT, '--tls-key', KEY]);
    const line = await cli.log('Listening');
    expect(cli.lines[0]).toEqual(line);
    const port = Number(line['port']);
    expect(port).toBeGreaterThan(0);
    expect(line).toMatchObject({
      level: 'info',
      host: '127.0.0.1',
      provider: 'demo',
      model: 'demo-1',
      endpoint: `wss://127.0.0.1:${port}/ws/agent`,
      testPage: `https://127.0.0.1:${port}/static/test_websocket.html`,
      docs: `https://127.0.0.1:${port}/docs`,
      statistics: `https://127.0.0.1:${port}/ws/statistics`,
    });
    expect(cli.stderr).toBe('');
    const [response] = (await once(get(String(line['statistics']), { ca: readFileSync(CERT) }), 'response')) as [
      { statusCode: number },
    ];
    expect(response.statusCode).toBe(200);
  });

  it('logs connections and runs, never what was said, ids or keys', async () => {
    const upstream = await startOpenAiUpstream({
      status: 401,
      body: { error: { message: 'Wrong key sk-private-123 for: my private question', code: 'invalid_api_key' } },
    });
    onTestFinished(() => upstream.close());
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, '.env'), 'OPENAI_API_KEY=sk-private-123\n');
    const env = { OPENAI_BASE_URL: upstream.url, OPENAI_MODEL: 'model-x' };
    const cli = startCli([...LOCAL, '--log-file'], { cwd, env });
    const { endpoint } = await cli.log('Listening');
    const client = await TestClient.connect(String(endpoint), { headers: { 'user-agent': 'Tester/1' } });
    const answer = await client.ask({ type: 'agent_query', query: 'my private question' });
    expect(answer).toMatchObject({ type: 'error', code: 'provider_unauthorized' });
    const runId = (answer as { run_id: string }).run_id;
    const { connection_id: connectionId } = client.connected;
    await client.close();

    expect(await cli.log('Connection opened')).toMatchObject({
      connectionId,
      remoteAddress: '127.0.0.1',
      userAgent: 'Tester/1',
    });
    expect(await cli.log('Run started')).toMatchObject({ runId: runId.slice(0, 8), kind: 'agent_query' });
    expect(await cli.log('Run failed')).toMatchObject({
      level: 'warn',
      runId: runId.slice(0, 8),
      state: 'failed',
      code: 'provider_unauthorized',
      error: 'Authentication at the model provider failed.',
    });
    expect(await cli.log('The model gave no answer')).toMatchObject({
      level: 'warn',
      runId: runId.slice(0, 8),
      code: 'provider_unauthorized',
      detail: '401 invalid_api_key: Wrong key [redacted] for: […]',
      cause: { type: 'AuthenticationError', code: 'invalid_api_key', status: 401 },
    });
    expect(await cli.log('Connection closed')).toMatchObject({ connectionId, code: 1000, messages: 1 });
    expect(upstream.requests[0]?.headers.authorization).toBe('Bearer sk-private-123');

    cli.kill('SIGTERM');
    expect(await cli.exited).toBe(0);
    const file = readFileSync(join(cwd, 'logs/agent-engine.log'), 'utf8');
    expect(file).toBe(cli.stdout);
    for (const secret of ['private', runId]) expect(file + cli.stderr).not.toContain(secret);
  });

  /** What a service on all addresses, unless it is told otherwise, warns of until it is stopped. */
  async function warnings(cli: CliProcess): Promise<unknown[]> {
    await cli.log('Listening');
    cli.kill('SIGTERM');
    expect(await cli.exited).toBe(0);
    return cli.lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
  }

  it('says why the demo answers where a server without keys was meant, and warns of nothing else', async () => {
    const cli = startCli(['serve', '--port', '0'], { env: { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' } });
    expect(await warnings(cli)).toEqual([expect.stringMatching(/^OPENAI_BASE_URL is set/)]);
  });

  it('serves this machine only when it has a key and no host, and says so', async () => {
    const cli = startCli(['serve', '--port', '0'], { env: { OPENAI_API_KEY: 'sk-private-123' } });
    expect(await cli.log('Listening')).toMatchObject({ host: '127.0.0.1' });
    expect(await cli.log(/^Only this machine is served/)).toMatchObject({ level: 'info', host: '127.0.0.1' });
    expect(await warnings(cli)).toEqual([]);
  });

  it('warns when a key serves beyond this machine', async () => {
    const cli = startCli(['serve', '--port', '0', '--host', '0.0.0.0'], { env: { OPENAI_API_KEY: 'sk-private-123' } });
    expect(await cli.log(/no authentication/)).toMatchObject({ level: 'warn', host: '0.0.0.0' });
    expect((await cli.log('Listening'))['endpoint']).toMatch(/^ws:\/\/localhost:/);
  });

  describe('ends with one line on standard error', () => {
    // Before it listens it leaves nothing behind, so that no process is needed.
    async function failure(
      args: readonly string[],
      options: HereOptions = {},
      run: typeof runHere | typeof runCli = runHere,
    ): Promise<string> {
      const { code, stdout, stderr } = await run(args, options);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^[^\n]+\n$/);
      return stderr.trimEnd();
    }

    it('for a bad value', async () => {
      expect(await failure(['serve'], { env: { PORT: 'abc' } }, runCli)).toBe(
        'PORT: must be an integer from 0 to 65535, received "abc" (from environment)',
      );
    });

    it('for a value the library refuses', async () => {
      expect(await failure([...LOCAL, '--path', 'agent'])).toBe(
        '--path: must be a path as it stands in a URL: it begins with "/", has no query and is percent-encoded, received "agent"',
      );
      expect(await failure(LOCAL, { env: { OPENAI_API_KEY: 'x', OPENAI_BASE_URL: 'ftp://127.0.0.1' } })).toMatch(
        /^OPENAI_BASE_URL: must be an http or https URL/,
      );
    });

    it('for a rate that does not exist', async () => {
      expect(await failure([...LOCAL, '--rate-limits', 'queries.perAddres=20/1'])).toBe(
        '--rate-limits: "queries.perAddres" is not known; did you mean "queries.perAddress"?',
      );
    });

    it('for a path that the service needs itself', async () => {
      const rule =
        'must be a path that the service does not use itself (/, /ws/statistics, /ws/key, /metrics, /healthz, /readyz, /docs and /static with all below)';
      expect(await failure([...LOCAL, '--path', '/docs'])).toBe(
        `--path: ${rule}, received "/docs" (from the command line)`,
      );
      expect(await failure(LOCAL, { env: { WS_PATH: '/' } })).toBe(`WS_PATH: ${rule}, received "/" (from environment)`);
    });

    it('for a port in use', async () => {
      const taken = createServer().listen(0, '127.0.0.1');
      onTestFinished(() => void taken.close());
      await once(taken, 'listening');
      const { port } = taken.address() as AddressInfo;
      expect(await failure(['serve', '--host', '127.0.0.1'], { env: { PORT: String(port) } }, runCli)).toBe(
        `PORT: ${port} is already in use on 127.0.0.1; stop the other server or choose another port`,
      );
    });

    it('for an address that is not here', async () => {
      expect(await failure(['serve', '--host', '192.0.2.1', '--port', '0'], {}, runCli)).toBe(
        '--host: "192.0.2.1" is not an address of this machine',
      );
    });

    it('for a certificate that is missing, alone, or none', async () => {
      expect(await failure([...LOCAL, '--tls-cert', 'none.pem', '--tls-key', KEY])).toBe(
        '--tls-cert: "none.pem" cannot be read: no such file',
      );
      expect(await failure([...LOCAL, '--tls-key', KEY])).toBe('--tls-cert: must be given together with --tls-key');
      expect(await failure(['serve'], { env: { TLS_KEY: KEY } })).toBe('TLS_CERT: must be given together with TLS_KEY');
      expect(await failure([...LOCAL, '--tls-cert', KEY, '--tls-key', KEY])).toMatch(
        /^--tls-cert, --tls-key: must be a PEM certificate and its key: /,
      );
      const locked = join(temporaryDirectory(), 'key.pem');
      const format = { type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' } as const;
      writeFileSync(locked, createPrivateKey(readFileSync(KEY)).export(format));
      expect(await failure([...LOCAL, '--tls-cert', CERT, '--tls-key', locked])).toBe(
        '--tls-cert, --tls-key: must be a PEM certificate and its key: the key has a passphrase',
      );
    });

    it('for origins that are none', async () => {
      expect(await failure([...LOCAL, '--allowed-origins', 'app.example'])).toBe(
        '--allowed-origins: must be origins such as https://app.example, or *, with commas between them, received "app.example" (from the command line)',
      );
    });

    it('for a log file that cannot be written', async () => {
      const directory = temporaryDirectory();
      expect(await failure([...LOCAL, '--log-file', directory])).toBe(
        `--log-file: "${directory}" cannot be written: it is a directory`,
      );
    });

    it('for a .env that cannot be read', async () => {
      const cwd = temporaryDirectory();
      symlinkSync('.env', join(cwd, '.env'));
      expect(await failure(LOCAL, { cwd })).toBe('.env: cannot be read: its symbolic links run in a circle');
    });

    it('for a .env with a line that says nothing', async () => {
      const cwd = temporaryDirectory();
      writeFileSync(join(cwd, '.env'), 'HOST=127.0.0.1\nOPENAI_API_KEY sk-1\n');
      expect(await failure(LOCAL, { cwd })).toBe(
        '.env: line 2 must be NAME=value, a comment that begins with #, or blank',
      );
    });

    it('for a missing key', async () => {
      expect(await failure([...LOCAL, '--provider', 'openai'])).toMatch(/^OPENAI_API_KEY: must be set/);
    });
  });
});
