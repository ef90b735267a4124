import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgentSocketError } from '../../../src/index.js';
import { clientMessages } from '../../../src/protocol/index.js';
import { checkMessage, decodeFrame } from '../../../src/protocol/decode.js';
import { cases } from '../../helpers/schedules.js';
import { ANY_CHARACTER } from '../../helpers/characters.js';

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (AgentSocketError.isInstance(error)) return error.code;
    throw error;
  }
  return 'accepted';
}

const list = (count: number): string => JSON.stringify({ type: 'ping', x: Array.from({ length: count }, (_, i) => i) });

const nested = (depth: number): string => `{"type":"ping","x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;

describe('decodeFrame', () => {
  it('takes 10,000 values and no more, whatever stands in strings', () => {
    // The message, its type and the list are values, too.
    expect(codeOf(() => decodeFrame(list(9_997)))).toBe('accepted');
    expect(codeOf(() => decodeFrame(list(10_001)))).toBe('invalid_message');
    expect(codeOf(() => decodeFrame(JSON.stringify({ type: 'ping', x: '[{,"'.repeat(10_000) })))).toBe('accepted');
    expect(codeOf(() => decodeFrame(`{"type":"ping","x":[${'{},'.repeat(9_000)}{}]}`))).toBe('invalid_message');
  });

  it.each([
    ['a binary frame', new TextEncoder().encode('{"type":"ping"}'), 'invalid_json'],
    ['nothing', '', 'invalid_json'],
    ['blanks', '  \n', 'invalid_json'],
    ['text', 'hello', 'invalid_json'],
    ['half an object', '{"type":"ping"', 'invalid_json'],
    ['two objects', '{"type":"ping"}{"type":"ping"}', 'invalid_json'],
    ['single quotes', "{'type':'ping'}", 'invalid_json'],
    ['null', 'null', 'invalid_json'],
    ['a number', '1e400', 'invalid_json'],
    ['NaN', 'NaN', 'invalid_json'],
    ['a string', '"ping"', 'invalid_json'],
    ['an array', '[{"type":"ping"}]', 'invalid_json'],
    ['64 KiB of [', '['.repeat(65_536), 'too_deep'],
    ['64 KiB of { with keys', '{"a":'.repeat(13_108), 'too_deep'],
    ['closed arrays 40,000 deep', '['.repeat(40_000) + ']'.repeat(40_000), 'too_deep'],
    ['closing brackets first', ']'.repeat(100) + '['.repeat(100), 'invalid_json'],
    ['letters that share bits with brackets', 'ś'.repeat(200), 'invalid_json'],
    ['no type', '{}', 'invalid_message'],
    ['type null', '{"type":null}', 'invalid_message'],
    ['type number', '{"type":1}', 'invalid_message'],
    ['type array', '{"type":["ping"]}', 'invalid_message'],
    ['type behind __proto__', '{"__proto__":{"type":"ping"}}', 'invalid_message'],
    ['a byte order mark', '\ufeff{"type":"ping"}', 'invalid_json'],
  ])('refuses %s', (_what, data, code) => {
    expect(codeOf(() => decodeFrame(data))).toBe(code);
  });

  it('takes 32 levels and refuses 33', () => {
    expect(codeOf(() => decodeFrame(nested(32)))).toBe('accepted');
    expect(codeOf(() => decodeFrame(nested(33)))).toBe('too_deep');
  });

  it('counts no brackets in strings, behind escapes neither', () => {
    const text = `${'['.repeat(500)}\\"${'{'.repeat(500)}\\\\`;
    expect(codeOf(() => decodeFrame(`{"type":"ping","x":"${text}"}`))).toBe('accepted');
  });

  it('counts siblings once', () => {
    expect(codeOf(() => decodeFrame(`{"type":"ping","x":[${'[],'.repeat(500)}[]]}`))).toBe('accepted');
  });

  it('finds the depth of any JSON', () => {
    const depth = (value: unknown): number =>
      typeof value !== 'object' || value === null ? 0 : 1 + Math.max(0, ...Object.values(value).map(depth));
    const value = fc.jsonValue({ maxDepth: 40, stringUnit: ANY_CHARACTER });
    fc.assert(
      fc.property(value, fc.integer({ min: 0, max: 40 }), (inner, wraps) => {
        let x: unknown = inner;
        for (let i = 0; i < wraps; i++) x = i % 2 === 0 ? [x] : { ']': x };
        const message = { type: 'ping', x };
        expect(codeOf(() => decodeFrame(JSON.stringify(message)))).toBe(depth(message) > 32 ? 'too_deep' : 'accepted');
      }),
      cases(1_000),
    );
  });

  it('never throws anything but its own errors', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: ANY_CHARACTER }), fc.string(), fc.json()), (text) => {
        expect(typeof codeOf(() => decodeFrame(text))).toBe('string');
      }),
      cases(3_000),
    );
  });
});

describe('checkMessage', () => {
  const check = (message: Record<string, unknown>): string => {
    const type = message['type'] as keyof typeof clientMessages;
    return codeOf(() => checkMessage(clientMessages[type], decodeFrame(JSON.stringify(message))));
  };

  it.each([
    ['no query', {}],
    ['an empty query', { query: '' }],
    ['a blank query', { query: ' \t\n\u3000\u00a0' }],
    ['a query that is a number', { query: 5 }],
    ['a query that is null', { query: null }],
    ['a query that is an array', { query: ['x'] }],
    ['no query and a bad run_id', { run_id: 'x' }],
  ])('says query_required for %s', (_what, fields) => {
    expect(check({ type: 'agent_query', ...fields })).toBe('query_required');
    expect(check({ type: 'streaming_query', ...fields })).toBe('query_required');
  });

  it.each([
    ['a run_id that is no UUID', { query: 'q', run_id: 'not-a-uuid' }],
    ['a run_id with a brace', { query: 'q', run_id: '{6f1e8f5e-3f0c-4c52-9f7e-2a4f3a1b2c3d}' }],
    ['an empty request_id', { query: 'q', request_id: '' }],
    ['a request_id of 129 characters', { query: 'q', request_id: 'x'.repeat(129) }],
    ['a request_id that is a number', { query: 'q', request_id: 1 }],
    ['a temperature above 2', { query: 'q', temperature: 2.01 }],
    ['65 tools', { query: 'q', tools: Array.from({ length: 65 }, (_, i) => `t${i}`) }],
  ])('says invalid_message for %s', (_what, fields) => {
    expect(check({ type: 'agent_query', ...fields })).toBe('invalid_message');
  });

  it('says invalid_message for a temperature of 1e400, which parses as infinite', () => {
    const envelope = decodeFrame('{"type":"agent_query","query":"q","temperature":1e400}');
    expect(codeOf(() => checkMessage(clientMessages.agent_query, envelope))).toBe('invalid_message');
  });

  it('takes a request_id of 1 and of 128 characters', () => {
    expect(check({ type: 'ping', request_id: 'x' })).toBe('accepted');
    expect(check({ type: 'ping', request_id: 'x'.repeat(128) })).toBe('accepted');
  });

  it.each([
    ['null', null],
    ['an array', []],
    ['a string', 'x'],
    ['a number', 1],
  ])('says invalid_params for params that are %s', (_what, params) => {
    expect(check({ type: 'tool_call', tool_name: 't', params })).toBe('invalid_params');
  });

  it('ignores unknown fields and leaves the prototype alone', () => {
    const text =
      '{"type":"tool_call","tool_name":"t","params":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}},"__proto__":{"polluted":1},"extra":1}';
    const message = checkMessage(clientMessages.tool_call, decodeFrame(text)) as Record<string, unknown>;
    expect(message['extra']).toBeUndefined();
    expect(message['polluted']).toBeUndefined();
    expect((message['params'] as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
