import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LlmPart } from '../../src/agent/llm-provider.js';
import { AgentSocketError } from '../../src/protocol/agent-socket-error.js';
import { createOpenAiProvider } from '../../src/providers/openai.js';
import { ChatDecoder } from '../../src/providers/openai/chat-decoder.js';
import { Failures } from '../../src/providers/openai/failures.js';
import { corpus, type CorpusStream } from '../corpus/index.js';
import { askedBy } from '../helpers/asker.js';
import { startOpenAiUpstream, type OpenAiUpstream } from '../helpers/openai-upstream.js';

interface Outcome {
  readonly parts: readonly LlmPart[];
  readonly failure: string | undefined;
}

/** Parts as they would be had everything come at once, and made-up ids as `?`. */
function settled(parts: readonly LlmPart[], expected: readonly LlmPart[]): LlmPart[] {
  const ids = new Set(expected.map((part) => (part.type === 'tool-call' ? part.id : '')));
  const joined: LlmPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if ((part.type === 'text-delta' || part.type === 'reasoning-delta') && last?.type === part.type) {
      joined[joined.length - 1] = { type: part.type, text: last.text + part.text };
    } else if (part.type === 'tool-call' && !ids.has(part.id)) joined.push({ ...part, id: '?' });
    else joined.push(part);
  }
  return joined;
}

/** What the decoder makes of a body in pieces of this size. */
function decode({ parts: expected }: CorpusStream, body: string, size: number): Outcome {
  const decoder = new ChatDecoder(new Failures([], []));
  const bytes = Buffer.from(body);
  const parts: LlmPart[] = [];
  let failure: string | undefined;
  try {
    for (let at = 0; at < bytes.length && !decoder.done; at += size) {
      decoder.push(bytes.subarray(at, at + size));
      parts.push(...decoder.take());
    }
    if (!decoder.done && !decoder.end()) failure = 'provider_error';
  } catch (error) {
    failure = AgentSocketError.isInstance(error) ? error.code : String(error);
  }
  parts.push(...decoder.take());
  return { parts: settled(parts, expected), failure };
}

describe('what servers really send', () => {
  it('is at least 60 streams of 15 servers', () => {
    expect(corpus.length).toBeGreaterThanOrEqual(60);
    expect(new Set(corpus.map(({ name }) => name.split(':')[0])).size).toBeGreaterThanOrEqual(15);
    expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
  });

  it.each(corpus.map((stream) => [stream.name, stream] as const))('%s', (_, stream) => {
    const { body, parts, failure } = stream;
    for (const lines of [body, body.replaceAll('\n', '\r\n')]) {
      for (const size of [1, 7, 64 * 1024]) {
        expect(decode(stream, lines, size)).toEqual({ parts, failure });
      }
    }
  });
});

describe('what servers really send, over HTTP', () => {
  let upstream: OpenAiUpstream;
  beforeAll(async () => void (upstream = await startOpenAiUpstream()));
  afterAll(() => upstream.close());

  it.each(corpus.map((stream) => [stream.name, stream] as const))('%s', async (_, stream) => {
    const { body, contentType = 'text/event-stream' } = stream;
    upstream.reply({ status: 200, body, headers: { 'content-type': contentType } });
    const provider = createOpenAiProvider({ apiKey: 'test', baseUrl: upstream.url, model: 'm' });
    const request = { messages: [{ role: 'user', content: 'hello' } as const], tools: [] };
    const parts: LlmPart[] = [];
    let failure: string | undefined;
    try {
      for await (const element of provider.stream(request, askedBy())) {
        parts.push(...('type' in element ? [element] : element));
      }
    } catch (error) {
      failure = AgentSocketError.isInstance(error) ? error.code : String(error);
    }
    expect({ parts: settled(parts, stream.parts), failure }).toEqual({ parts: stream.parts, failure: stream.failure });
  });
});
