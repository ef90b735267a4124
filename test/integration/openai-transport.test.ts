import dns from 'node:dns';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UndiciTransport } from '../../src/providers/openai/undici-transport.js';
import { startOpenAiUpstream, type OpenAiUpstream } from '../helpers/openai-upstream.js';

let upstream: OpenAiUpstream;
beforeEach(async () => {
  upstream = await startOpenAiUpstream();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await upstream.close();
});

const body = (model: string): string => JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }] });
const waiting = (signal = new AbortController().signal) => ({ signal, deadline: performance.now() + 60_000 });

/** A transport that knows where to send, and has no connection yet. */
async function coldTransport(): Promise<UndiciTransport> {
  const transport = await UndiciTransport.create({ connectTimeoutMs: 60_000, proxy: undefined });
  const url = `${upstream.url.replace('127.0.0.1', 'localhost')}/chat/completions`;
  const headers = new Headers({ 'x-stainless-retry-count': '0', 'content-type': 'application/json' });
  const never = transport.fetch(url, { method: 'POST', headers, body: body('never'), signal: AbortSignal.abort() });
  await expect(never).rejects.toThrow('aborted');
  return transport;
}

describe('an attempt that is given up while it connects', () => {
  it('does not reach the upstream', async () => {
    const transport = await coldTransport();
    // The look-up of the name is held back: so long the connection is not there.
    const connect: (() => void)[] = [];
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation((...args: unknown[]) => {
      const done = args.at(-1) as (error: null, addresses: readonly dns.LookupAddress[]) => void;
      connect.push(() => done(null, [{ address: '127.0.0.1', family: 4 }]));
    });
    const abort = new AbortController();
    const givenUp = transport.send(body('given up'), waiting(abort.signal));
    await vi.waitFor(() => expect(lookup).toHaveBeenCalledOnce());
    abort.abort();
    await expect(givenUp).rejects.toThrow('aborted');
    connect.shift()?.();
    await vi.waitFor(() => expect(upstream.connectionCount).toBe(1));

    lookup.mockRestore();
    const response = await transport.send(body('wanted'), waiting());
    expect(await response?.text()).toContain('hello');
    expect(upstream.requests.map((request) => request.body.model)).toEqual(['wanted']);
  });
});
