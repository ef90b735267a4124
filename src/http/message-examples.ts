import type { ClientMessageInput, ClientMessageType } from '../protocol/client-messages.js';
import type { ServerMessageOf, ServerMessageType } from '../protocol/server-messages.js';
import { LIMITS, SUBPROTOCOL } from '../protocol/version.js';

const timestamp = 1767225600.125;
const run_id = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const request_id = 'q-1';
const usage = { input_tokens: 21, output_tokens: 58 };

/** One message of each type a client sends, as the documents show it. */
export const clientExamples: { readonly [T in ClientMessageType]: Extract<ClientMessageInput, { type: T }> } = {
  ping: { type: 'ping' },
  agent_query: { type: 'agent_query', query: 'What is a WebSocket?' },
  streaming_query: { type: 'streaming_query', query: '用三句话介绍 WebSocket', request_id, run_id },
  tool_call: { type: 'tool_call', tool_name: 'calculator', params: { expression: '123 + 456' } },
  cancel: { type: 'cancel', run_id },
};

/** One message of each type the server sends, as the documents show it. */
export const serverExamples: { readonly [T in ServerMessageType]: ServerMessageOf<T> } = {
  connected: {
    type: 'connected',
    connection_id: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
    message: 'Connected to Agent WebSocket',
    protocol: SUBPROTOCOL,
    epoch: '9b2f1d8e-58cc-4372-a567-0e02b2c3d479',
    principal_id: 'anonymous',
    limits: { message_bytes: LIMITS.messageBytes, runs: 16, heartbeat_seconds: 30 },
  },
  pong: { type: 'pong', timestamp },
  accepted: { type: 'accepted', timestamp, run_id, state: 'accepted', request_id },
  resumed: { type: 'resumed', timestamp, run_id, after: 0, head: 12, state: 'running', request_id },
  status: { type: 'status', status: 'processing', timestamp, run_id, seq: 1 },
  agent_response: {
    type: 'agent_response',
    content: 'A WebSocket is one TCP connection over which both sides send messages at any time.',
    vendor: 'openai',
    timestamp,
    model: 'gpt-4o-mini',
    finish_reason: 'stop',
    usage,
    run_id,
    seq: 2,
  },
  stream_start: {
    type: 'stream_start',
    timestamp,
    vendor: 'openai',
    model: 'gpt-4o-mini',
    run_id,
    seq: 1,
    request_id,
  },
  stream_chunk: { type: 'stream_chunk', content: 'WebSocket 是', timestamp, run_id, seq: 2 },
  stream_reasoning: { type: 'stream_reasoning', content: 'Three sentences are asked for.', timestamp, run_id, seq: 2 },
  stream_tool_call: {
    type: 'stream_tool_call',
    tool_call_id: 'call_1',
    tool_name: 'calculator',
    params: { expression: '123 + 456' },
    timestamp,
    run_id,
    seq: 3,
  },
  stream_tool_result: {
    type: 'stream_tool_result',
    tool_call_id: 'call_1',
    tool_name: 'calculator',
    result: 579,
    timestamp,
    run_id,
    seq: 4,
  },
  stream_end: { type: 'stream_end', timestamp, finish_reason: 'stop', usage, run_id, seq: 40 },
  tool_result: { type: 'tool_result', tool_name: 'calculator', result: 579, timestamp, run_id, seq: 1 },
  cancelled: { type: 'cancelled', timestamp, run_id, outcome: 'cancelled', run_ids: [run_id] },
  error: { type: 'error', error: 'Query is required', timestamp, code: 'query_required', retryable: false },
  going_away: { type: 'going_away', timestamp, reconnect_after_ms: 1500 },
};
