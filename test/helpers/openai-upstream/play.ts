import type { ServerResponse } from 'node:http';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { ChatBody, ChatScript, ScriptedToolCall } from './script.js';

/** Streams an answer as OpenAI does. Returns early if the client has disconnected. */
export async function play(script: ChatScript, body: ChatBody, response: ServerResponse): Promise<void> {
  const { packets = 'event', lineEnd = '\n', end = 'done', gate, delayMs } = script;
  const chunks = new Chunks(body.model, script.padding === true);
  const gone = new Promise<'gone'>((resolve) => response.once('close', () => resolve('gone')));
  const isGone = (): boolean => response.destroyed;
  let held = '';

  async function send(data: string): Promise<void> {
    const event = `data: ${data}${lineEnd}${lineEnd}`;
    if (packets === 'whole') held += event;
    else if (packets === 'byte') await sendBytes(response, Buffer.from(event), isGone);
    else if (!response.write(event)) {
      await Promise.race([new Promise((resolve) => response.once('drain', resolve)), gone]);
    }
  }

  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  response.flushHeaders();
  const deltas = deltasOf(script);
  await send(chunks.delta({ role: 'assistant', content: '' }));
  for (const delta of deltas) {
    if (gate !== undefined) await Promise.race([gate.pass(), gone]);
    else if (delayMs !== undefined) await Promise.race([setTimeout(delayMs), gone]);
    if (isGone()) return;
    await send(chunks.delta(delta));
  }
  if (end === 'error') await send('{"error":{"message":"The engine is overloaded","type":"server_error","code":null}}');
  else if (end === 'malformed') await send('{"choices":[{"delta":{"content":"half');
  else if (end === 'done' || end === 'no-done') {
    await send(chunks.finish(script.finishReason ?? (script.toolCalls === undefined ? 'stop' : 'tool_calls')));
    const asked = body.stream_options?.include_usage === true;
    const usage = script.usage ?? (asked && { prompt_tokens: 10, completion_tokens: deltas.length });
    if (usage !== false) await send(chunks.usage(usage));
    if (end === 'done') await send('[DONE]');
  }
  if (held !== '') response.write(held);
  if (end === 'stall') await gone;
  else if (end === 'reset') {
    await setImmediate();
    response.socket?.resetAndDestroy();
  } else response.end();
}

async function sendBytes(response: ServerResponse, bytes: Buffer, isGone: () => boolean): Promise<void> {
  for (let at = 0; at < bytes.length && !isGone(); at++) {
    response.write(bytes.subarray(at, at + 1));
    // One turn of the event loop for each byte, so that the receiver reads each separately.
    await setImmediate();
  }
}

/** The deltas of an answer in the order they are sent. */
function deltasOf(script: ChatScript): object[] {
  const { reasoning = [], reasoningField = 'reasoning_content', tokens = [], refusal = [], toolCalls = [] } = script;
  return [
    ...reasoning.map((text) => ({ [reasoningField]: text })),
    ...tokens.map((content) => ({ content })),
    ...refusal.map((text) => ({ refusal: text })),
    ...toolCallDeltas(toolCalls, script.toolCallPiece ?? 8),
  ];
}

function toolCallDeltas(calls: readonly ScriptedToolCall[], piece: number): object[] {
  const heads = calls.map(({ id, index, name }, place) => ({
    ...(index === null ? {} : { index: index ?? place }),
    ...(id === null ? {} : { id: id ?? `call_${place + 1}` }),
    type: 'function',
    function: { name, arguments: '' },
  }));
  if (calls.length === 0) return [];
  if (piece === 0) {
    const whole = calls.map(({ name, arguments: text }, place) => ({
      ...heads[place],
      function: { name, arguments: text },
    }));
    return [{ tool_calls: whole }];
  }
  const deltas: object[] = heads.map((head) => ({ tool_calls: [head] }));
  const longest = Math.max(...calls.map((call) => call.arguments.length));
  for (let at = 0; at < longest; at += piece) {
    for (const [place, call] of calls.entries()) {
      const text = call.arguments.slice(at, at + piece);
      if (text === '') continue;
      deltas.push({
        tool_calls: [{ ...(call.index === null ? {} : { index: call.index ?? place }), function: { arguments: text } }],
      });
    }
  }
  return deltas;
}

/** Chunks of one answer, field by field as OpenAI sends them. */
class Chunks {
  readonly #head: object;
  readonly #padded: boolean;
  #count = 0;

  constructor(model: string, padded: boolean) {
    this.#head = {
      id: 'chatcmpl-ABC123xyz',
      object: 'chat.completion.chunk',
      created: 1_763_800_000,
      model,
      service_tier: 'default',
      system_fingerprint: 'fp_0123456789',
    };
    this.#padded = padded;
  }

  delta(delta: object): string {
    return this.#chunk([{ index: 0, delta, logprobs: null, finish_reason: null }], null);
  }

  finish(reason: string): string {
    return this.#chunk([{ index: 0, delta: {}, logprobs: null, finish_reason: reason }], null);
  }

  usage({ prompt_tokens, completion_tokens }: { prompt_tokens: number; completion_tokens: number }): string {
    const total_tokens = prompt_tokens + completion_tokens;
    return this.#chunk([], { prompt_tokens, completion_tokens, total_tokens });
  }

  #chunk(choices: object[], usage: object | null): string {
    const padding = this.#padded ? { obfuscation: 'aB3dE5fG7h'.slice(0, 1 + (this.#count++ % 10)) } : {};
    return JSON.stringify({ ...this.#head, choices, usage, ...padding });
  }
}
