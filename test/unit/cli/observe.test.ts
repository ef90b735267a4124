import { describe, expect, it } from 'vitest';
import { createLog } from '../../../src/cli/logging.js';
import { observe } from '../../../src/cli/observe.js';
import { AgentSocketError } from '../../../src/errors/agent-socket-error.js';
import { TestClient } from '../../../src/testing/index.js';
import { startServer } from '../../helpers/server.js';

/** The json log of one run that fails because of `cause`. */
async function logOfFailure(cause: unknown, level: string): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  const write = (text: string): void => void lines.push(JSON.parse(text) as Record<string, unknown>);
  const { logger } = createLog({ level, format: 'json', color: false, secrets: [], fileKey: '--log-file', write });
  const { agent, url } = await startServer({
    provider: {
      vendor: 'test',
      model: 'test',
      stream: () => {
        throw new AgentSocketError('provider_error', 'The model provider refused the request.', { cause });
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

describe('a failed run in the log', () => {
  const connection = Object.assign(new Error('quotes a private question, too'), { code: 'ECONNRESET' });
  const cause = Object.assign(new TypeError('400 Refused: a private question', { cause: connection }), {
    status: 400,
    code: 'content_filter',
    requestID: 'req_1',
    body: 'a private question',
  });

  it('tells of the cause what kind it is, and not its text', async () => {
    const lines = await logOfFailure(cause, 'info');
    expect(lines.find(({ msg }) => msg === 'Run failed')).toMatchObject({
      level: 'warn',
      code: 'provider_error',
      error: 'The model provider refused the request.',
      cause: {
        type: 'TypeError',
        code: 'content_filter',
        status: 400,
        requestId: 'req_1',
        cause: { type: 'Error', code: 'ECONNRESET' },
      },
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

  it('takes any cause that can be thrown', async () => {
    const lines = await logOfFailure('a private text', 'info');
    expect(lines.find(({ msg }) => msg === 'Run failed')).toMatchObject({ cause: { type: 'string' } });
    expect(JSON.stringify(lines)).not.toContain('private');
  });
});
