import { it } from 'vitest';
import { z } from 'zod';
import { defineTool, type LlmPart } from '../../src/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';
import { byHeader, expectFrames } from './frames.js';

const count = defineTool({
  name: 'count',
  description: 'Counts, and tells how far it is.',
  params: z.object({ to: z.int() }),
  execute: ({ to }, { report }) => {
    for (let done = 1; done <= to; done++) report({ done });
    return to;
  },
});

async function connect(): Promise<TestClient> {
  const call: LlmPart = { type: 'tool-call', id: 'c1', name: 'count', arguments: '{"to":2}' };
  const provider = createScriptedProvider([call], ['Two']);
  return TestClient.connect((await startServer({ provider, tools: [count], authenticate: byHeader })).url);
}

it('Frames of a tool that reports, inside an answer and in the history', async () => {
  const client = await connect();
  await expectFrames(
    client,
    ['{"type":"streaming_query","query":"q","conversation_id":"c"}'],
    [
      '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"accepted"}',
      '{"type":"stream_start","timestamp":T,"vendor":"scripted","model":"script-1","conversation_id":"c","question_id":"uuid-2","answer_id":"uuid-3","run_id":"uuid-1","seq":1}',
      '{"type":"stream_tool_call","tool_call_id":"c1","tool_name":"count","params":{"to":2},"timestamp":T,"run_id":"uuid-1","seq":2}',
      '{"type":"stream_data","tool_call_id":"c1","tool_name":"count","data":{"done":1},"timestamp":T,"run_id":"uuid-1","seq":3}',
      '{"type":"stream_data","tool_call_id":"c1","tool_name":"count","data":{"done":2},"timestamp":T,"run_id":"uuid-1","seq":4}',
      '{"type":"stream_tool_result","tool_call_id":"c1","tool_name":"count","result":2,"timestamp":T,"run_id":"uuid-1","seq":5}',
      '{"type":"stream_chunk","content":"Two","timestamp":T,"run_id":"uuid-1","seq":6}',
      '{"type":"stream_end","timestamp":T,"finish_reason":"stop","run_id":"uuid-1","seq":7}',
    ],
  );
  await expectFrames(
    client,
    ['{"type":"history","conversation_id":"c","limit":2}'],
    [
      '{"type":"history","timestamp":T,"conversation_id":"c","title":"q","messages":[' +
        '{"id":"uuid-1","parent_id":"uuid-2","role":"tool","content":"2","tool_call_id":"c1","tool_name":"count","data":[{"done":1},{"done":2}],"run_id":"uuid-3","created_at":T},' +
        '{"id":"uuid-4","parent_id":"uuid-1","role":"assistant","content":"Two","model":"script-1","finish_reason":"stop","run_id":"uuid-3","created_at":T}],"has_more":true}',
    ],
  );
});

it('Frames of a tool called by itself that reports', async () => {
  await expectFrames(
    await connect(),
    ['{"type":"tool_call","tool_name":"count","params":{"to":1},"run_id":"6f1e8f5e-3f0c-4c52-9f7e-2a4f3a1b2c3d"}'],
    [
      '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"accepted"}',
      '{"type":"stream_data","tool_call_id":"uuid-1","tool_name":"count","data":{"done":1},"timestamp":T,"run_id":"uuid-1","seq":1}',
      '{"type":"tool_result","tool_name":"count","result":1,"timestamp":T,"run_id":"uuid-1","seq":2}',
    ],
  );
});
