import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { installed, run } from '../helpers/package.js';

const { app } = await installed();

/** Everything public that exists at run time. What is not here is free to change. */
const SURFACE: Readonly<Record<string, readonly string[]>> = {
  'agent-ws': [
    'ANONYMOUS',
    'AgentExecutor',
    'AgentSocketError',
    'ConnectionManager',
    'MessageHandler',
    'OptionError',
    'Rooms',
    'RunManager',
    'ToolRegistry',
    'VERSION',
    'calculator',
    'createAgentSocketServer',
    'createCurrentTime',
    'createMemoryStore',
    'currentTime',
    'defineMessage',
    'defineTool',
    'fitContext',
    'tokenOf',
  ],
  'agent-ws/protocol': [
    'CLOSE_CODES',
    'CORE_TYPES',
    'DEFAULT_PATH',
    'ERROR_CODES',
    'LIMITS',
    'SUBPROTOCOL',
    'TERMINAL_TYPES',
    'clientMessages',
    'closeCodeInfo',
    'serverMessages',
  ],
  'agent-ws/auth': ['cookieOf', 'createTickets', 'firstOf', 'jwtAuth', 'tokenAuth'],
  'agent-ws/demo': ['createDemoProvider'],
  'agent-ws/openai': ['createOpenAiProvider'],
  'agent-ws/sqlite': ['createSqliteStore', 'readStoreKeys'],
  'agent-ws/redis': ['createRedisStore'],
  'agent-ws/metrics': ['Registry', 'createMetrics'],
  'agent-ws/tracing': ['createTracing'],
  'agent-ws/client': ['AgentClientError', 'CLIENT_ERROR_CODES', 'createAgentClient'],
  'agent-ws/encryption': ['encryptFor'],
  'agent-ws/react': ['useAgentRun', 'useAttachment', 'useConnection', 'useConversation', 'useConversations', 'useRoom'],
  'agent-ws/testing': [
    'FaultProxy',
    'TestClient',
    'clusterCases',
    'conversationStoreCases',
    'createRandom',
    'createScriptedProvider',
    'linkSockets',
    'llmProviderCases',
    'roomStoreCases',
    'runLogCases',
    'runStoreCases',
    'runStoreFaultCases',
    'socketCases',
    'toolLedgerCases',
    'workQueueCases',
  ],
};

async function evaluate(name: string, code: string): Promise<string> {
  writeFileSync(join(app, name), code);
  const { code: exit, stdout, stderr } = await run(process.execPath, [name], { cwd: app });
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  return stdout;
}

it.each([
  ['ESM', 'names.mjs', 'await import(entry)'],
  ['CJS', 'names.cjs', 'require(entry)'],
])('exports what it should as %s', async (_format, file, load) => {
  const code = `const surface = {};
    for (const entry of ${JSON.stringify(Object.keys(SURFACE))}) surface[entry] = Object.keys(${load}).sort();
    console.log(JSON.stringify(surface));`;
  expect(JSON.parse(await evaluate(file, code))).toEqual(SURFACE);
});

it('offers its package.json, and nothing below the entries', async () => {
  const text = await evaluate(
    'paths.cjs',
    `console.log(require('agent-ws/package.json').name);
     for (const path of ['agent-ws/dist/index.js', 'agent-ws/cli', 'agent-ws/src/index.ts'])
       try { require(path); } catch (error) { console.log(error.code); }`,
  );
  expect(text.trim().split('\n')).toEqual(['agent-ws', ...Array<string>(3).fill('ERR_PACKAGE_PATH_NOT_EXPORTED')]);
});

it('prints nothing, keeps no process alive and loads no HTTP client when it is imported', async () => {
  // The hook sees every module the ESM loader resolves, whoever imports it.
  const hook = `export async function resolve(specifier, context, next) {
    const resolved = await next(specifier, context);
    process._rawDebug(resolved.url);
    return resolved;
  }`;
  writeFileSync(join(app, 'hook.mjs'), hook);
  writeFileSync(
    join(app, 'watch.mjs'),
    `import { register } from 'node:module'; register('./hook.mjs', import.meta.url);`,
  );
  writeFileSync(join(app, 'quiet.mjs'), `import 'agent-ws';`);
  const esm = await run(process.execPath, ['--import', './watch.mjs', 'quiet.mjs'], { cwd: app });
  expect({ code: esm.code, stdout: esm.stdout }).toEqual({ code: 0, stdout: '' });
  expect(esm.stderr).toContain('/node_modules/agent-ws/dist/index.js');
  expect(esm.stderr).not.toMatch(/node_modules\/(?:openai|undici|prom-client|@opentelemetry)\//);

  const cjs = await evaluate(
    'quiet.cjs',
    `require('agent-ws'); console.log(JSON.stringify(Object.keys(require.cache)))`,
  );
  // Nothing else is printed.
  expect(JSON.parse(cjs)).toContainEqual(expect.stringMatching(/\/node_modules\/agent-ws\/dist\/index\.cjs$/));
  expect(cjs).not.toMatch(/node_modules\/(?:openai|undici|prom-client|@opentelemetry)\//);
});

it('needs the client of Redis only for a store in Redis, and says so', async () => {
  const code = `import { createAgentSocketServer } from 'agent-ws';
     import { createRedisStore } from 'agent-ws/redis';
     console.log(typeof createAgentSocketServer);
     await createRedisStore({ url: 'redis://127.0.0.1:1' }).catch(({ message }) => console.log(message));
     await createRedisStore({}).catch(({ name, option }) => console.log(name, option));`;
  expect((await evaluate('redis.mjs', code)).trim().split('\n')).toEqual([
    'function',
    'The package @redis/client is missing: run "npm install @redis/client"',
    'OptionError url',
  ]);
});

it('recognises the errors of its other copy', async () => {
  const text = await evaluate(
    'errors.mjs',
    `import { createRequire } from 'node:module';
     import { AgentSocketError, OptionError } from 'agent-ws';
     import { createOpenAiProvider } from 'agent-ws/openai';
     const cjs = createRequire(import.meta.url)('agent-ws');
     const theirs = new cjs.AgentSocketError('tool_failed', 'No');
     const mine = new AgentSocketError('tool_failed', 'No');
     let option;
     try { createOpenAiProvider({ model: '' }); } catch (error) { option = error; }
     console.log(JSON.stringify([
       theirs instanceof AgentSocketError, AgentSocketError.isInstance(theirs), cjs.AgentSocketError.isInstance(mine),
       OptionError.isInstance(option), cjs.OptionError.isInstance(option), AgentSocketError.isInstance(option),
     ]));`,
  );
  expect(JSON.parse(text)).toEqual([false, true, true, true, true, false]);
});
