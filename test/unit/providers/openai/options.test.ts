import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../../src/errors/option-error.js';
import { createOpenAiProvider, type OpenAiProviderOptions } from '../../../../src/providers/openai.js';

const good: OpenAiProviderOptions = { apiKey: 'k', model: 'm' };
const client = { chat: { completions: { create: () => ({ asResponse: () => Promise.reject(new Error('unused')) }) } } };

describe('createOpenAiProvider', () => {
  it('says who it is without loading anything', () => {
    const provider = createOpenAiProvider({ ...good, baseUrl: 'https://example.test/v1/' });
    expect([provider.vendor, provider.model]).toEqual(['openai', 'm']);
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
    ['timeouts.connectMs', { timeouts: { connectMs: 0 } }],
    ['timeouts.firstTokenMs', { timeouts: { firstTokenMs: Infinity } }],
    ['timeouts.betweenTokensMs', { timeouts: { betweenTokensMs: '1' } }],
    ['timeouts.totalToFirstOutputMs', { timeouts: { totalToFirstOutputMs: 2 ** 31 } }],
    ['client', { client: {} }],
    ['client', { client: null }],
    ['client', { client: { chat: {} } }],
    ['apiKey', { client, apiKey: 'secret' }],
    ['baseUrl', { client, apiKey: undefined, baseUrl: 'http://x' }],
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

  it('takes a client instead of a key', () => {
    expect(createOpenAiProvider({ client, model: 'm' }).vendor).toBe('openai');
  });
});
