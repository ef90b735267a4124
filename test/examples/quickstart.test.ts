import { expect, it } from 'vitest';
import { freePort } from '../helpers/free-port.js';
import { startExample } from './example.js';

it('quickstart.mjs, the example of the README, answers and leads to the test page', async () => {
  const example = await startExample('quickstart.mjs', { PORT: String(await freePort()) });
  const client = await example.connect();
  const answer = await client.ask({ type: 'streaming_query', query: 'What is 6 * 7?' });
  expect(answer).toMatchObject({ type: 'stream_end', finish_reason: 'stop' });
  expect(client.text('run_id' in answer ? (answer.run_id ?? '') : '')).toContain('42');
  expect((await fetch(example.url)).url).toBe(new URL('/static/test_websocket.html', example.url).href);
});
