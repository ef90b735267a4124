import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import {
  AgentSocketError,
  defineTool,
  type AgentSocketServerOptions,
  type LlmStreamOptions,
} from '../../../src/index.js';
import type { TraceContext } from '../../../src/runtime/trace.js';
import { createTracing, type TracingOptions } from '../../../src/telemetry/tracing.js';
import { createScriptedProvider, TestClient } from '../../../src/testing/index.js';
import { startServer } from '../../helpers/server.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`;

/** A service with spans in memory, and what its provider and its tool were given. */
async function traced(options: Partial<AgentSocketServerOptions> = {}, tracing: TracingOptions = {}) {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  onTestFinished(() => context.disable());
  const given: (TraceContext | undefined)[] = [];
  const active: (string | undefined)[] = [];
  const tool = defineTool({
    name: 'look',
    description: 'Looks.',
    params: z.object({}),
    execute: (_, call) => {
      given.push(call.trace);
      active.push(trace.getSpanContext(context.active())?.spanId);
      return 'seen';
    },
  });
  const call = { type: 'tool-call', id: 'c1', name: 'look', arguments: '{}' } as const;
  const scripted = createScriptedProvider([call]);
  let asked = 0;
  const provider = {
    ...scripted,
    async *stream(request: never, streamOptions: LlmStreamOptions) {
      given.push(streamOptions.trace);
      await Promise.resolve();
      active.push(trace.getSpanContext(context.active())?.spanId);
      if (asked++ === 0) yield call;
      else yield { type: 'text-delta', text: 'a secret answer' } as const;
    },
  };
  const server = await startServer({
    provider,
    tools: [tool],
    tracer: createTracing({ tracerProvider, ...tracing }),
    ...options,
  });
  const find = async (name: string) =>
    vi.waitFor(() => {
      const spans = exporter.getFinishedSpans().filter((span) => span.name === name);
      expect(spans, name).not.toEqual([]);
      return spans;
    });
  return { ...server, exporter, find, given, active };
}

describe('createTracing', () => {
  it('makes spans of connection, run, calls of the model and tools, in the trace of the handshake', async () => {
    const { url, find, exporter, given, active } = await traced();
    const client = await TestClient.connect(url, { headers: { traceparent: TRACEPARENT, tracestate: 'a=1' } });
    await client.ask({ type: 'streaming_query', query: 'a secret question', conversation_id: 'c' });
    await client.close();
    const [connection] = await find('websocket connection');
    const [run] = await find('run streaming_query');
    const chats = await find('chat');
    const [tool] = await find('execute_tool look');
    const parentOf = (span: typeof run) => span?.parentSpanContext?.spanId;
    expect(exporter.getFinishedSpans().map((span) => span.spanContext().traceId)).toEqual(Array(5).fill(TRACE_ID));
    expect(parentOf(connection)).toBe('00f067aa0ba902b7');
    expect(parentOf(run)).toBe(connection?.spanContext().spanId);
    const runId = run?.spanContext().spanId;
    expect([...chats, tool].map(parentOf)).toEqual([runId, runId, runId]);
    expect(run?.attributes).toMatchObject({ 'agent_ws.run.state': 'finished', 'gen_ai.conversation.id': 'c' });
    expect(connection?.attributes).toMatchObject({ 'agent_ws.close.code': 1000 });
    // Provider and tool get the span that surrounds them, as a value to send on and as the active span.
    const surrounding = [chats[0], tool, chats[1]].map((span) => span?.spanContext().spanId);
    expect(active).toEqual(surrounding);
    expect(given).toEqual(surrounding.map((id) => ({ traceparent: `00-${TRACE_ID}-${id}-01`, tracestate: 'a=1' })));
    expect(
      JSON.stringify(exporter.getFinishedSpans().map(({ attributes, events }) => [attributes, events])),
    ).not.toContain('secret');
  });

  it('takes the trace that a request names', async () => {
    const { url, find } = await traced();
    const client = await TestClient.connect(url);
    await client.ask({ type: 'streaming_query', query: 'Hi', traceparent: TRACEPARENT });
    const [run] = await find('run streaming_query');
    expect(run?.spanContext().traceId).toBe(TRACE_ID);
    expect(run?.parentSpanContext?.spanId).toBe('00f067aa0ba902b7');
  });

  it('marks what failed with its code, not with its text', async () => {
    const provider = createScriptedProvider([new AgentSocketError('provider_overloaded', 'a secret reason')]);
    const { url, find, exporter } = await traced({ provider });
    const client = await TestClient.connect(url);
    await client.ask({ type: 'streaming_query', query: 'Hi' });
    const [run] = await find('run streaming_query');
    const [chat] = await find('chat');
    for (const span of [run, chat]) {
      expect(span?.attributes).toMatchObject({ 'error.type': 'provider_overloaded' });
      expect(span?.status).toEqual({ code: 2 });
    }
    expect(JSON.stringify(exporter.getFinishedSpans().map(({ status, events }) => [status, events]))).not.toContain(
      'secret',
    );
  });

  it('passes nothing on where an instrumentation does', async () => {
    const { url, given } = await traced({}, { propagate: false });
    const client = await TestClient.connect(url);
    await client.ask({ type: 'streaming_query', query: 'Hi' });
    expect(given).toEqual([undefined, undefined, undefined]);
  });
});

describe('without a tracer', () => {
  it('passes the trace of the client on as it is, and ignores an invalid one', async () => {
    const { url, given } = await traced({ tracer: undefined });
    const client = await TestClient.connect(url, { headers: { traceparent: TRACEPARENT } });
    await client.ask({ type: 'tool_call', tool_name: 'look', params: {} });
    const other = await TestClient.connect(url, {
      headers: { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` },
    });
    await other.ask({ type: 'tool_call', tool_name: 'look', params: {} });
    expect(given).toEqual([{ traceparent: TRACEPARENT }, undefined]);
  });

  it('refuses an invalid traceparent of a request', async () => {
    const { url } = await traced({ tracer: undefined });
    const client = await TestClient.connect(url);
    const reply = await client.ask({ type: 'tool_call', tool_name: 'look', params: {}, traceparent: 'a\nb' });
    expect(reply).toMatchObject({ code: 'invalid_message', issues: [{ path: 'traceparent' }] });
  });
});
