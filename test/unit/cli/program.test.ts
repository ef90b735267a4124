import { CommanderError } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import { runCommand } from '../../../src/cli/chat-commands.js';
import type { ChatScreen } from '../../../src/cli/chat-screen.js';
import { createProgram, type ChatFlags, type Flags } from '../../../src/cli/program.js';
import { SETTINGS } from '../../../src/cli/settings-table.js';
import { settingsOf } from '../../../src/cli/worker-settings.js';
import { VERSION } from '../../../src/version.js';

interface Outcome {
  flags?: Flags;
  worker?: Flags;
  chat?: ChatFlags;
  store?: unknown;
  out: string;
  err: string;
  exitCode?: number;
}

async function run(...args: string[]): Promise<Outcome> {
  const outcome: Outcome = { out: '', err: '' };
  const program = createProgram({
    serve: (flags) => {
      outcome.flags = flags;
      return Promise.resolve();
    },
    worker: (flags) => {
      outcome.worker = flags;
      return Promise.resolve();
    },
    store: (action, flags) => {
      outcome.store = [action, flags];
      return Promise.resolve();
    },
    chat: (flags) => {
      outcome.chat = flags;
      return Promise.resolve();
    },
  });
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    command.configureOutput({
      writeOut: (text) => (outcome.out += text),
      writeErr: (text) => (outcome.err += text),
      getOutHelpWidth: () => 80,
    });
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    outcome.exitCode = error.exitCode;
  }
  return outcome;
}

describe('the program', () => {
  it('hands the flags on by the names of their settings', async () => {
    const { flags } = await run(
      'serve',
      '--port',
      '9',
      '--heartbeat-interval=5',
      '--client-tools',
      '--log-format',
      'json',
    );
    expect(flags).toEqual({ port: '9', heartbeatIntervalMs: '5', clientTools: true, logFormat: 'json' });
  });

  it.each(['-v', '-V', '--version', 'version'])('says its version for %s', async (word) => {
    expect(await run(word)).toEqual({ out: `${VERSION}\n`, err: '', exitCode: 0 });
  });

  it('hands on nothing that was not written', async () => {
    expect((await run('serve')).flags).toEqual({});
  });

  it('takes every flag of the table', async () => {
    const taken = new Set<string>();
    for (const command of ['serve', 'worker'] as const) {
      for (const [name, { flag, type }] of settingsOf(command)) {
        taken.add(name);
        if (flag === undefined) continue;
        const isSwitch = type.placeholder === undefined;
        const { flags, worker } = await run(command, flag, ...(isSwitch ? [] : ['1']));
        expect(command === 'serve' ? flags : worker, flag).toEqual({ [name]: isSwitch ? true : '1' });
      }
    }
    expect([...taken].sort()).toEqual(Object.keys(SETTINGS).sort());
  });

  it('shows for a worker how long its runs may go on, which is always in a cluster', async () => {
    const [service = '', worker = ''] = await Promise.all(
      ['serve', 'worker'].map(async (command) => {
        const { out } = await run(command, '--help');
        return /--drain [^]*?\)/.exec(out)?.[0].replace(/\s+/g, ' ');
      }),
    );
    expect(service).toContain('default 5, in a cluster 600)');
    expect(worker).toContain('takes no more from the line');
    expect(worker).toContain('default 600)');
  });

  it('refuses for a worker what only a service has, and the other way round', async () => {
    for (const flag of ['--port', '--auth-jwks', '--max-connections', '--run', '--store', '--room-rate', '--workers']) {
      expect(await run('worker', flag, '1'), flag).toMatchObject({ exitCode: 1 });
    }
    for (const flag of ['--concurrency', '--health', '--max-starts']) {
      expect(await run('serve', flag, '1'), flag).toMatchObject({ exitCode: 1 });
    }
  });

  it('switches off what a variable switched on', async () => {
    expect((await run('serve', '--no-client-tools')).flags).toEqual({ clientTools: false });
  });

  it('takes --log-file with and without a name', async () => {
    expect((await run('serve', '--log-file')).flags).toEqual({ logFile: 'logs/agent-engine.log' });
    expect((await run('serve', '--log-file', 'x.log', '--port', '1')).flags).toEqual({ logFile: 'x.log', port: '1' });
  });

  it.each([
    [['serve', '--prot', '1'], "error: unknown option '--prot' (Did you mean --port?)\n"],
    [['serv'], "error: unknown command 'serv' (Did you mean serve?)\n"],
    [['serve', 'now'], "error: too many arguments for 'serve'. Expected 0 arguments but got 1.\n"],
    [['serve', '--port'], "error: option '--port <number>' argument missing\n"],
    [['serve', '--api-key', 'x'], /^error: unknown option '--api-key'[^\n]*\n$/],
  ])('refuses %s in one line', async (args, expected) => {
    const { err, exitCode, flags } = await run(...args);
    expect(err).toMatch(expected);
    expect(exitCode).toBe(1);
    expect(flags).toBeUndefined();
  });

  it('lists for a chat what its own help lists', async () => {
    const notice = vi.fn<(text: string) => void>();
    const actions = { history: vi.fn(), attach: vi.fn(), begin: vi.fn() };
    await runCommand('/help', { notice } as unknown as ChatScreen, actions);
    const commands = [...(notice.mock.calls[0]?.[0] ?? '').matchAll(/^\/\w+(?: [A-Z]+)?/gm)].map(
      ([command]) => command,
    );
    expect(commands).toContain('/attach FILE');
    const { out } = await run('chat', '--help');
    for (const command of commands) expect(out).toContain(command);
  });

  it('hands a chat its URL and conversation', async () => {
    expect((await run('chat')).chat).toEqual({ url: 'ws://127.0.0.1:8003/ws/agent' });
    expect((await run('chat', 'wss://a.example/b', '--conversation', 'c')).chat).toEqual({
      url: 'wss://a.example/b',
      conversation: 'c',
    });
  });

  it('tells its version', async () => {
    expect(await run('--version')).toEqual({ out: `${VERSION}\n`, err: '', exitCode: 0 });
  });

  it('helps with every flag, variable and default, in groups', async () => {
    for (const command of ['serve', 'worker'] as const) {
      const { out, exitCode } = await run(command, '--help');
      expect(exitCode).toBe(0);
      for (const [, { flag, env, group }] of settingsOf(command)) {
        if (flag !== undefined) {
          expect(out).toContain(`  ${flag}`);
          expect(out).toContain(`\n${group}:\n`);
        }
        expect(out).toContain(env);
      }
    }
    const { out } = await run('serve', '--help');
    expect(out).toMatch(/--port <number>[^]*?\(PORT,\s+default 8003\)/);
    expect(out).toMatch(/--max-message <bytes>[^]*?\(WS_MAX_MESSAGE,\s+default 1MiB\)/);
    expect(out).not.toContain('preset');
    expect(out).not.toContain('--no-');
    expect(out).toContain('Examples:');
  });
});

describe('agent-ws store', () => {
  it('takes an action, a database and, to export, a file of keys', async () => {
    expect((await run('store', 'check', 'a.db')).store).toEqual(['check', { place: 'a.db' }]);
    expect((await run('store', 'export', 'sqlite:a.db', '--store-key-file', 'keys')).store).toEqual([
      'export',
      { place: 'sqlite:a.db', storeKeyFile: 'keys' },
    ]);
    expect(await run('store', 'compact')).toMatchObject({ exitCode: 1 });
    expect(await run('store', 'check', 'a.db', '--store-key-file', 'keys')).toMatchObject({ exitCode: 1 });
  });
});
