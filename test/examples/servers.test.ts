import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ROOT } from '../helpers/build.js';
import { scripts, startOpenAiUpstream } from '../helpers/openai-upstream.js';
import { startExample } from './example.js';

describe.each([
  // Where nothing else answers, "/" leads to the test page.
  { file: 'http.mjs', status: 200, greeting: 'agent-ws · test page' },
  { file: 'express.mjs', status: 200, greeting: 'Hello from Express' },
  { file: 'koa.mjs', status: 200, greeting: 'Hello from Koa' },
  { file: 'fastify.mjs', status: 200, greeting: 'Hello from Fastify' },
])('$file', ({ file, status, greeting }) => {
  it('talks over the WebSocket, serves its pages and the routes around them, and stops when told', async () => {
    const example = await startExample(file);
    const client = await example.connect();
    const answer = await client.ask({ type: 'streaming_query', query: 'What is 6 * 7?' });
    expect(answer).toMatchObject({ type: 'stream_end', finish_reason: 'stop' });
    expect(client.text('run_id' in answer ? (answer.run_id ?? '') : '')).toContain('42');
    expect(
      await client.ask({ type: 'tool_call', tool_name: 'calculator', params: { expression: '123 + 456' } }),
    ).toMatchObject({ type: 'tool_result', result: 579 });

    expect((await fetch(new URL('/static/test_websocket.html', example.url))).status).toBe(200);
    expect(await (await fetch(new URL('/ws/statistics', example.url))).json()).toMatchObject({ active_connections: 1 });
    const root = await fetch(new URL('/', example.url));
    expect([root.status, await root.text()]).toEqual([status, expect.stringContaining(greeting)]);
    expect((await fetch(new URL('/nowhere', example.url))).status).toBe(404);

    const exit = example.stop();
    expect(await client.closed).toEqual({ code: 1012, reason: 'Server is restarting' });
    expect(await exit).toBe(0);
  });
});

/** The lines that choose the provider. */
function choiceOf(file: string): string[] {
  const lines = readFileSync(join(ROOT, 'examples', file), 'utf8').split('\n');
  return lines.filter((line) => /OPENAI_|^ *provider: |agent-ws\/(?:demo|openai)/.test(line) && !line.startsWith('//'));
}

it('http.mjs asks the model behind OPENAI_API_KEY where that is set, and so do the others', async () => {
  const upstream = await startOpenAiUpstream(scripts.echo);
  onTestFinished(() => upstream.close());
  const env = { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.url, OPENAI_MODEL: 'test-model' };
  const client = await (await startExample('http.mjs', env)).connect();
  expect(await client.ask({ type: 'agent_query', query: 'Are you there?' })).toMatchObject({
    type: 'agent_response',
    vendor: 'openai',
  });
  expect(upstream.requests[0]?.headers.authorization).toBe('Bearer test-key');
  expect(upstream.requests[0]?.body).toMatchObject({ model: 'test-model' });

  const choice = choiceOf('http.mjs');
  expect(choice).toHaveLength(6);
  for (const file of ['express.mjs', 'koa.mjs', 'fastify.mjs']) expect(choiceOf(file), file).toEqual(choice);
});
