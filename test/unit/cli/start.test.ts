import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { banner, urlsOf, type StartInfo } from '../../../src/cli/banner.js';
import { CliError } from '../../../src/cli/cli-error.js';
import { createHttpServer } from '../../../src/cli/http-server.js';
import { readDotEnv } from '../../../src/cli/dot-env.js';
import { chooseProvider } from '../../../src/cli/provider.js';
import { reportError } from '../../../src/cli/report-error.js';
import { resolveSettings, type ResolvedSettings } from '../../../src/cli/settings.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

function resolve(environment: Record<string, string> = {}): ResolvedSettings {
  return resolveSettings({ flags: {}, environment, dotEnv: {} });
}

describe('reportError', () => {
  it('says in one line that the working directory is gone', () => {
    const stderr = new PassThrough();
    const gone = Object.assign(new Error('ENOENT: no such file or directory, uv_cwd'), { syscall: 'uv_cwd' });
    expect(reportError(gone, stderr)).toBe(1);
    expect(String(stderr.read())).toBe('The working directory does not exist any more\n');
  });
});

describe('readDotEnv', () => {
  function withFile(content: string | Buffer): ReturnType<typeof readDotEnv> {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, '.env'), content);
    return readDotEnv(directory);
  }

  it('reads names and values, comments and quotes', () => {
    expect(withFile('# mine\nPORT=1\nexport HOST="a b" # c\n\nX=\n')).toEqual({ PORT: '1', HOST: 'a b', X: '' });
  });

  it('reads past a byte order mark', () => {
    expect(withFile('\uFEFFPORT=1\r\nHOST=x\r\n')).toEqual({ PORT: '1', HOST: 'x' });
  });

  it('refuses UTF-16', () => {
    for (const content of ['PORT=1', '# mine\nPORT=1\n']) {
      expect(() => withFile(Buffer.from(`\uFEFF${content}`, 'utf16le'))).toThrow(
        new CliError('.env: must be text in UTF-8'),
      );
    }
  });

  it('sets nothing where there is no file, or a directory of that name', () => {
    const directory = temporaryDirectory();
    expect(readDotEnv(directory)).toEqual({});
    mkdirSync(join(directory, '.env'));
    expect(readDotEnv(directory)).toEqual({});
  });

  it('reads values in quotes over several lines', () => {
    expect(withFile('# it\'s A="x\nKEY="one\ntwo three\n"\nB=\'{\n}\' # c\nC="open\nD=it\'s\n')).toEqual({
      KEY: 'one\ntwo three\n',
      B: '{\n}',
      C: '"open',
      D: "it's",
    });
  });

  it.each([
    ['PORT 18131\nHOST=x\n', 1],
    ['\uFEFF# mine\r\n\r\nHOST=x\r\nsecret\r\nPORT=1\r\n', 4],
    ['KEY="a\nb"\nexport PORT', 3],
  ])('says which line of %j cannot be read, and does not show it', (content, line) => {
    expect(() => withFile(content)).toThrow(
      new CliError(`.env: line ${line} must be NAME=value, a comment that begins with #, or blank`),
    );
  });

  it('says that a file cannot be read', () => {
    const directory = temporaryDirectory();
    symlinkSync('.env', join(directory, '.env'));
    expect(() => readDotEnv(directory)).toThrow(
      new CliError('.env: cannot be read: its symbolic links run in a circle'),
    );
  });
});

describe('chooseProvider', () => {
  it('is the demo without a key, and says how to get the other one', async () => {
    const chosen = await chooseProvider(resolve());
    expect(chosen).toMatchObject({ kind: 'demo', provider: { vendor: 'demo' } });
    expect(chosen.hint).toContain('OPENAI_API_KEY');
  });

  it('is OpenAI with a key, and never shows it', async () => {
    const chosen = await chooseProvider(
      resolve({ OPENAI_API_KEY: 'sk-1', OPENAI_MODEL: 'm', OPENAI_BASE_URL: 'http://127.0.0.1/v1' }),
    );
    expect(chosen).toMatchObject({ kind: 'openai', provider: { vendor: 'openai', model: 'm' } });
    expect(chosen.summary).toBe('openai: model m at http://127.0.0.1/v1');
    expect(JSON.stringify(chosen)).not.toContain('sk-1');
  });

  it('is the demo where it is asked for, key or not', async () => {
    expect(await chooseProvider(resolve({ OPENAI_API_KEY: 'sk-1', AGENT_PROVIDER: 'demo' }))).toMatchObject({
      kind: 'demo',
    });
  });

  it('needs a key for OpenAI', async () => {
    await expect(chooseProvider(resolve({ AGENT_PROVIDER: 'openai' }))).rejects.toThrow(/^OPENAI_API_KEY: must be set/);
  });
});

describe('createHttpServer', () => {
  it('gives slow and countless clients less than Node does', () => {
    const server = createHttpServer(resolve({ WS_MAX_CONNECTIONS: '10' }).settings);
    expect(server).toMatchObject({
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: 5_000,
      timeout: 15_000,
      maxConnections: 266,
    });
  });
});

describe('the banner', () => {
  const provider = { kind: 'demo', summary: 'the summary', hint: 'the hint' } as StartInfo['provider'];
  const info: StartInfo = {
    version: '1.2.3',
    host: '0.0.0.0',
    port: 8003,
    path: '/ws/agent',
    tls: false,
    messageKey: undefined,
    metrics: undefined,
    provider,
  };

  it.each([
    ['0.0.0.0', 'localhost'],
    ['::', 'localhost'],
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '[::1]'],
    ['box.example', 'box.example'],
  ])('for %s names %s', (host, name) => {
    expect(urlsOf({ ...info, host }).endpoint).toBe(`ws://${name}:8003/ws/agent`);
  });

  it('speaks https and wss under TLS', () => {
    expect(urlsOf({ ...info, tls: true, path: '/x' })).toEqual({
      endpoint: 'wss://localhost:8003/x',
      testPage: 'https://localhost:8003/static/test_websocket.html',
      docs: 'https://localhost:8003/docs',
      statistics: 'https://localhost:8003/ws/statistics',
    });
  });

  it('has everything a person needs', () => {
    const text = banner(info);
    for (const url of Object.values(urlsOf(info))) expect(text).toContain(url);
    expect(text).toContain('agent-ws 1.2.3 listens on 0.0.0.0, port 8003');
    expect(text).toContain('the summary');
    expect(text).toContain('the hint');
    expect(text).not.toMatch(/Message key|Metrics/);
    expect(banner({ ...info, metrics: 'here' })).toContain('  Metrics     http://localhost:8003/metrics\n');
    const metrics = { host: '::1', port: 9464 };
    expect(banner({ ...info, tls: true, metrics })).toContain('  Metrics     http://[::1]:9464/metrics\n');
    expect(banner({ ...info, messageKey: 'b-a-Aq9l' })).toContain('  Message key b-a-Aq9l\n');
  });
});
