import { describe, expect, it } from 'vitest';
import { CliError } from '../../../src/cli/cli-error.js';
import { SERVER_OPTIONS, type AgentSocketServerOptions } from '../../../src/options.js';
import { serverOptions } from '../../../src/cli/server-options.js';
import type { Setting } from '../../../src/cli/setting.js';
import { SETTINGS, type SettingName } from '../../../src/cli/settings-table.js';
import { resolveSettings, type ResolvedSettings, type SettingSources } from '../../../src/cli/settings.js';

const rows = Object.entries(SETTINGS) as [SettingName, Setting<unknown>][];

function resolve(sources: Partial<SettingSources> = {}): ResolvedSettings {
  return resolveSettings({ flags: {}, environment: {}, dotEnv: {}, ...sources });
}

describe('the table of settings', () => {
  it('has every flag and every variable once', () => {
    const flags = rows.flatMap(([, { flag }]) => (flag === undefined ? [] : [flag]));
    const variables = rows.map(([, { env }]) => env);
    expect(new Set(flags).size).toBe(flags.length);
    expect(new Set(variables).size).toBe(variables.length);
  });

  it('offers secrets only as variables', () => {
    expect(rows.filter(([, { flag }]) => flag === undefined).map(([name]) => name)).toEqual(['apiKey', 'extraHeaders']);
  });

  it('has the documented names and defaults', () => {
    expect(SETTINGS.host).toMatchObject({ env: 'HOST', default: '0.0.0.0' });
    expect(SETTINGS.port).toMatchObject({ env: 'PORT', default: 8003 });
    expect(SETTINGS.heartbeatIntervalMs).toMatchObject({ env: 'WS_HEARTBEAT_INTERVAL', default: 30_000 });
    expect(SETTINGS.maxConnections).toMatchObject({ env: 'WS_MAX_CONNECTIONS', default: 1000 });
    expect(SETTINGS.logFile.bare).toBe('logs/agent-engine.log');
    expect([SETTINGS.apiKey, SETTINGS.baseUrl, SETTINGS.model].map(({ env }) => env)).toEqual([
      'OPENAI_API_KEY',
      'OPENAI_BASE_URL',
      'OPENAI_MODEL',
    ]);
  });

  it('has defaults that fit their own rules', () => {
    for (const [name, { default: value, type }] of rows) {
      if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
      expect(type.parse(type.show(value)), name).toEqual(value);
    }
  });

  it('reads origins as the library does', () => {
    const parse = (text: string) => SETTINGS.allowedOrigins.type.parse(text);
    const origins = ['https://app.example', '*', 'capacitor://localhost'];
    expect(parse(origins.join(', '))).toEqual(origins);
    for (const wrong of ['app.example', 'https://app.example/', 'https://a.example,b.example', 'true']) {
      expect(parse(wrong), wrong).toBeUndefined();
    }
  });

  it('has every option of the server but those that are no text', () => {
    const NOT_SET: (keyof AgentSocketServerOptions)[] = [
      // Made by settings of other names, or by the command itself.
      'server',
      'provider',
      'tools',
      'store',
      'queue',
      'clientMayChoose',
      'encryption',
      'logger',
      'metrics',
      'tracer',
      // The model is that of the provider.
      'model',
      // Functions, and what the command has no use for without them.
      'authenticate',
      'authExpiringMs',
      'authMessageTimeoutMs',
      'authenticateTimeoutMs',
      'metadata',
      'beforeRun',
      'permissions',
      'fitContext',
      'attachments',
    ];
    const set = Object.keys(SERVER_OPTIONS).filter((name) => name in serverOptions(resolve().settings));
    expect([...set, ...NOT_SET.filter((name) => name !== 'clientMayChoose')].sort()).toEqual(
      Object.keys(SERVER_OPTIONS).sort(),
    );
  });

  it('sets an option by its own default', () => {
    for (const [name, value] of Object.entries(serverOptions(resolve().settings))) {
      const { default: expected } = SERVER_OPTIONS[name as keyof typeof SERVER_OPTIONS] as { default?: unknown };
      if (name === 'clientMayChoose') expect(value).toEqual({ models: [], temperature: false, tools: false });
      else if (/^max(Owner)?ConversationBytes$/.test(name)) expect(value, 'depends on the store').toBeUndefined();
      else expect(value, name).toEqual(typeof expected === 'function' ? undefined : expected);
    }
  });
});

describe('resolveSettings', () => {
  it('gives the defaults', () => {
    const { settings } = resolve();
    for (const [name, { default: value }] of rows) expect(settings[name], name).toBe(value);
  });

  it('takes the flag before the environment before .env', () => {
    const dotEnv = { PORT: '1', HOST: 'c', OPENAI_MODEL: 'd' };
    const environment = { PORT: '2', HOST: 'b' };
    expect(resolve({ dotEnv, environment, flags: { port: '3' } }).settings).toMatchObject({
      port: 3,
      host: 'b',
      model: 'd',
    });
  });

  it('takes an empty or blank variable as absent, an empty flag as wrong', () => {
    const { settings } = resolve({ environment: { PORT: '', HOST: '  ' }, dotEnv: { PORT: '9', HOST: '' } });
    expect(settings).toMatchObject({ port: 9, host: '0.0.0.0' });
    expect(() => resolve({ flags: { host: ' ' } })).toThrow('--host: must be text that is not blank, received ""');
  });

  it('reads switches from flags and variables', () => {
    expect(resolve({ flags: { clientTools: true } }).settings.clientTools).toBe(true);
    expect(resolve({ environment: { AGENT_CLIENT_TOOLS: 'yes' } }).settings.clientTools).toBe(true);
    const both = resolve({ flags: { clientTools: false }, environment: { AGENT_CLIENT_TOOLS: 'yes' } });
    expect(both.settings.clientTools).toBe(false);
  });

  it('names key, rule, value and where it came from', () => {
    const rule = 'must be an integer from 0 to 65535, received "abc"';
    expect(() => resolve({ environment: { PORT: 'abc' } })).toThrow(new CliError(`PORT: ${rule} (from environment)`));
    expect(() => resolve({ dotEnv: { PORT: 'abc' } })).toThrow(new CliError(`PORT: ${rule} (from .env)`));
    expect(() => resolve({ flags: { port: 'abc' } })).toThrow(new CliError(`--port: ${rule} (from the command line)`));
  });

  it('shortens a long value', () => {
    expect(() => resolve({ environment: { PORT: 'x'.repeat(1000) } })).toThrow(`received "${'x'.repeat(60)}…"`);
  });

  it('knows a setting by the name the operator used', () => {
    const { keyOf } = resolve({ flags: { port: '1' }, dotEnv: { HOST: 'x' } });
    expect([keyOf('port'), keyOf('host'), keyOf('path')]).toEqual(['--port', 'HOST', '--path']);
    expect(resolve({ environment: { PORT: '1' } }).keyOf('path')).toBe('WS_PATH');
  });

  it('hands on what a query may choose', () => {
    const { settings } = resolve({ environment: { AGENT_CLIENT_MODELS: 'a,b', AGENT_CLIENT_TEMPERATURE: 'on' } });
    expect(serverOptions(settings).clientMayChoose).toEqual({ models: ['a', 'b'], temperature: true, tools: false });
  });
});
