import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../../src/runtime/option-error.js';
import { resolveOptions } from '../../../../src/providers/openai/options.js';
import { createOpenAiProvider, type OpenAiProviderOptions } from '../../../../src/providers/openai.js';

const good: OpenAiProviderOptions = { apiKey: 'k', model: 'm' };
const client = { chat: { completions: { create: () => ({ asResponse: () => Promise.reject(new Error('unused')) }) } } };

describe('createOpenAiProvider', () => {
  it('says who it is without loading anything', () => {
    const provider = createOpenAiProvider({ ...good, baseUrl: 'https://example.test/v1/' });
    expect([provider.vendor, provider.model, provider.server]).toEqual(['openai', 'm', 'example.test']);
    const own = { client: { ...client, baseURL: 'http://127.0.0.1:11434/v1' }, model: 'm' };
    expect(createOpenAiProvider(own).server).toBe('127.0.0.1:11434');
    expect(createOpenAiProvider({ client, model: 'm' }).server).toBeUndefined();
  });

  it('asks the same endpoint, whether the base URL ends before it or with it', () => {
    const baseUrls = ['https://example.test/v1', 'https://example.test/v1/chat/completions/'];
    const connections = baseUrls.map((baseUrl) => resolveOptions({ ...good, baseUrl }).connection);
    expect(connections[1]).toEqual(connections[0]);
  });

  it.each<[string, object]>([
    ['model', { model: ' ' }],
    ['model', { model: undefined }],
    ['apiKey', { apiKey: undefined }],
    ['apiKey', { apiKey: '' }],
    ['apiKey', { apiKey: 'secret with\nline' }],
    ['baseUrl', { baseUrl: 'example.test/v1' }],
    ['baseUrl', { baseUrl: 'ftp://example.test/v1' }],
    ['baseUrl', { baseUrl: 'https://u:secret@example.test/v1' }],
    ['baseUrl', { baseUrl: 'https//u:secret@example.test/v1' }],
    ['baseUrl', { baseUrl: 'https://example.test/v1?key=secret' }],
    ['baseUrl', { baseUrl: 7 }],
    ['organization', { organization: 'a\r\nb' }],
    ['temperature', { temperature: 2.1 }],
    ['temperature', { temperature: Number.NaN }],
    ['temperature', { temperature: '1' }],
    ['maxRetries', { maxRetries: -1 }],
    ['maxRetries', { maxRetries: 1.5 }],
    ['extraBody', { extraBody: [] }],
    ['extraBody', { extraBody: null }],
    ['extraHeaders', { extraHeaders: [] }],
    ['extraHeaders.a b', { extraHeaders: { 'a b': 'secret' } }],
    ['extraHeaders.x-key', { extraHeaders: { 'x-key': 'secret\n' } }],
    ['extraHeaders.x-key', { extraHeaders: { 'x-key': 7 } }],
    ['extraHeaders.Authorization', { extraHeaders: { Authorization: 'secret' } }],
    ['accepts', { accepts: ['image', 'video'] }],
    ['accepts', { accepts: 'image' }],
    ['proxy', { proxy: 'proxy:secret@host' }],
    ['proxy', { proxy: 'socks5://u:secret@host' }],
    ['connectTimeoutMs', { connectTimeoutMs: 0 }],
    ['firstTokenTimeoutMs', { firstTokenTimeoutMs: Infinity }],
    ['tokenTimeoutMs', { tokenTimeoutMs: '1' }],
    ['tokenTimeoutMs', { tokenTimeoutMs: 2 ** 31 }],
    ['client', { client: {} }],
    ['client', { client: null }],
    ['client', { client: { chat: {} } }],
    ['apiKey', { client, apiKey: 'secret' }],
    ['baseUrl', { client, apiKey: undefined, baseUrl: 'http://x' }],
    ['proxy', { client, apiKey: undefined, proxy: 'environment' }],
  ])('refuses a bad %s: %j', (option, bad) => {
    let failure: unknown;
    try {
      createOpenAiProvider({ ...good, ...bad });
    } catch (error) {
      failure = error;
    }
    expect(OptionError.isInstance(failure) && failure.option).toBe(option);
    expect(String(failure)).not.toContain('secret');
  });

  it.each([
    [{}, ['image', 'file']],
    [{ baseUrl: 'http://127.0.0.1:11434/v1' }, []],
    [{ baseUrl: 'http://127.0.0.1:11434/v1', accepts: ['image'] as const }, ['image']],
    [{ accepts: [] }, []],
  ])('with %j takes %j', (options, accepts) => {
    expect(createOpenAiProvider({ ...good, ...options }).accepts).toEqual(accepts);
  });

  it('takes a client instead of a key', () => {
    expect(createOpenAiProvider({ client, model: 'm' }).vendor).toBe('openai');
  });
});
