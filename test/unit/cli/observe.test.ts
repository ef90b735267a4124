import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createLog } from '../../../src/cli/logging.js';
import { observe } from '../../../src/cli/observe.js';
import { AgentSocketError } from '../../../src/protocol/agent-socket-error.js';
import { defineTool } from '../../../src/tool/tool.js';
import { withLogIds } from '../../../src/runtime/log-ids.js';
import { createScriptedProvider, TestClient } from '../../../src/testing/index.js';
import { startServer } from '../../helpers/server.js';

/** The json log of one run that fails because of `cause`. */
async function logOfFailure(cause: unknown, level: string, detail?: string): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  const write = (text: string): void => void lines.push(JSON.parse(text) as Record<string, unknown>);
  const { logger } = createLog({ level, format: 'json', color: false, secrets: [], fileKey: '--log-file', write });
  const { agent, url } = await startServer({
    provider: {
      vendor: 'test',
      model: 'test',
      stream: () => {
        throw new AgentSocketError('provider_error', 'The model provider refused the request.', { cause, detail });
      },
    },
    logger,
  });
  observe(agent, logger);
  const client = await TestClient.connect(url);
  expect(await client.ask({ type: 'agent_query', query: 'a private question' })).toMatchObject({ type: 'error' });
  await client.close();
  return lines;
}

describe('ids in the log', () => {
  async function linesOf(logIds: 'short' | 'full') {
    const lines: Record<string, unknown>[] = [];
    const write = (text: string): void => void lines.push(JSON.parse(text) as Record<string, unknown>);
    const { logger } = createLog({
      level: 'info',
      format: 'json',
      color: false,
      secrets: [],
      fileKey: '--log-file',
      write,
    });
    const failing = defineTool({
      name: 'failing',
      description: 'Fails.',
      params: z.object({}),
      execute: () => {
        throw new Error('boom');
      },
    });
    const { agent, url } = await startServer({
      provider: createScriptedProvider(['Hello']),
      tools: [failing],
      authenticate: () => ({ id: 'alice@example.com' }),
      logger,
      logIds,
    });
    observe(agent, withLogIds(logger, logIds));
    const client = await TestClient.connect(url);
    const { connection_id: connectionId } = client.connected;
    const asked = { type: 'agent_query', query: 'Hi', conversation_id: 'travel-plans' } as const;
    const { run_id: runId } = (await client.ask(asked)) as { run_id: string };
    const { run_id: failedId } = (await client.ask({ type: 'tool_call', tool_name: 'failing', params: {} })) as {
      run_id: string;
    };
    await client.close();
    const line = (msg: string) => lines.find((it) => it['msg'] === msg);
    return { connectionId, runId, failedId, line, text: JSON.stringify(lines) };
  }

  it('are whole where that is asked for, in the lines of the library as well', async () => {
    const { connectionId, runId, failedId, line } = await linesOf('full');
    const run = { runId, connectionId, principalId: 'alice@example.com', conversationId: 'travel-plans' };
    expect(line('Connection opened')).toMatchObject({ connectionId, principalId: 'alice@example.com' });
    expect(line('Run started')).toMatchObject({ ...run, kind: 'agent_query' });
    expect(line('Run ended')).toMatchObject({
      ...run,
      model: 'script-1',
      state: 'finished',
      firstTextMs: expect.any(Number) as number,
    });
    expect(line('A tool failed')).toMatchObject({ runId: failedId, tool: 'failing' });
  });

  it('are cut otherwise, where they let people in, and principals are left out', async () => {
    const { connectionId, runId, failedId, line, text } = await linesOf('short');
    expect(line('Run ended')).toMatchObject({ runId: runId.slice(0, 8), connectionId, conversationId: 'travel-p' });
    expect(line('A tool failed')).toMatchObject({ runId: failedId.slice(0, 8) });
    for (const secret of [runId, failedId, 'travel-plans', 'alice']) expect(text).not.toContain(secret);
  });
});

describe('a failed run in the log', () => {
  const connection = Object.assign(new Error('quotes a private question, too'), { code: 'ECONNRESET' });
  const cause = Object.assign(new TypeError('400 Refused: a private question', { cause: connection }), {
    status: 400,
    code: 'content_filter',
    requestID: 'req_1',
    body: 'a private question',
  });

  it('says what the client was told, and nothing of the text of its cause', async () => {
    const lines = await logOfFailure(cause, 'info');
    expect(lines.find(({ msg }) => msg === 'Run failed')).toMatchObject({
      level: 'warn',
      code: 'provider_error',
      error: 'The model provider refused the request.',
    });
    expect(JSON.stringify(lines)).not.toContain('private');
  });

  it('tells the text to those who ask for it with the level debug', async () => {
    const lines = await logOfFailure(cause, 'debug');
    expect(JSON.stringify(lines.filter(({ level }) => level !== 'debug'))).not.toContain('private');
    expect(lines.find(({ msg }) => msg === 'Cause of the failed run')).toMatchObject({
      level: 'debug',
      err: { message: '400 Refused: a private question', cause: { message: 'quotes a private question, too' } },
    });
  });
});

describe('a level that is off', () => {
  /** Emits all events, for connections and runs of which only the failure can be read, and returns what was logged. */
  function observed(levels: readonly string[], failure?: { readonly code: string; readonly cause: Error }) {
    const connections = new EventEmitter();
    const runs = new EventEmitter();
    const methods = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const logger = { ...methods, isLevelEnabled: (level: string) => levels.includes(level) };
    observe({ connections, runs } as unknown as Parameters<typeof observe>[0], logger);
    const read = (name: string | symbol): unknown => (name === 'failure' ? failure : expect.unreachable());
    const subject = new Proxy({}, { get: (_, name) => read(name) });
    connections.emit('connect', subject);
    connections.emit('disconnect', subject, { code: 1000 });
    runs.emit('start', subject);
    runs.emit('end', subject);
    return Object.values(methods).flatMap(({ mock }) => mock.calls);
  }

  it('costs no reading of connections and runs', () => {
    expect(observed(['warn'])).toEqual([]);
    expect(observed([], { code: 'provider_error', cause: new Error('boom') })).toEqual([]);
    expect(() => observed(['info'])).toThrow();
    expect(() => observed(['warn'], { code: 'provider_error', cause: new Error('boom') })).toThrow();
  });
});
