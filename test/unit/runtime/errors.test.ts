import { describe, expect, it } from 'vitest';
import { AgentSocketError, OptionError, type ErrorCode } from '../../../src/index.js';
import { ERROR_CODES } from '../../../src/protocol/index.js';

describe('AgentSocketError', () => {
  it.each(Object.keys(ERROR_CODES) as ErrorCode[])('takes from the table whether %s is retryable', (code) => {
    expect(new AgentSocketError(code, 'm').retryable).toBe(ERROR_CODES[code].retryable);
    expect(new AgentSocketError(code, 'm', { retryable: !ERROR_CODES[code].retryable }).retryable).toBe(
      !ERROR_CODES[code].retryable,
    );
  });

  it.each(['my_code', 'toString', undefined])('refuses the code %s, which is none', (code) => {
    const make = () => new AgentSocketError(code as ErrorCode, 'm', { retryable: true });
    expect(make).toThrow(/is no code of an AgentSocketError/);
  });

  it('is recognised across copies of the package by its brand, and nothing else is', () => {
    const foreign = Object.assign(new Error('m'), { [Symbol.for('agent-ws.AgentSocketError')]: true });
    expect(AgentSocketError.isInstance(foreign)).toBe(true);
    expect(AgentSocketError.isInstance(new AgentSocketError('forbidden', 'm'))).toBe(true);
    for (const other of [new Error('m'), new OptionError('o', 'r', 1), null, undefined, 'text', {}, 1]) {
      expect(AgentSocketError.isInstance(other)).toBe(false);
    }
  });

  it('keeps its cause, and shows neither cause nor brand as JSON', () => {
    const error = new AgentSocketError('forbidden', 'm', { cause: 'secret', retryAfterMs: 5, issues: [] });
    expect(error.cause).toBe('secret');
    expect('cause' in new AgentSocketError('forbidden', 'm')).toBe(false);
    expect(JSON.stringify(error)).not.toContain('secret');
    expect(Object.getOwnPropertySymbols(Object.assign({}, error))).toEqual([]);
  });
});

describe('OptionError', () => {
  it.each<[unknown, string]>([
    ['text', '"text"'],
    ['x'.repeat(100), `"${'x'.repeat(60)}…"`],
    [undefined, 'undefined'],
    [null, 'null'],
    [Number.NaN, 'NaN'],
    [[1], 'an array'],
    [{ secret: 1 }, 'an object'],
    [() => 1, 'a function'],
    [1n, '1'],
    [Symbol('s'), 'Symbol(s)'],
  ])('names option, rule and value: %s', (received, shown) => {
    const error = new OptionError('path', 'a path', received);
    expect(error.message).toBe(`Option "path" must be a path, received ${shown}`);
    expect(error.option).toBe('path');
    expect(OptionError.isInstance(error)).toBe(true);
  });
});
