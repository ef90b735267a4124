import { describe, expect, it } from 'vitest';
import {
  bytes,
  choice,
  decimal,
  endpointPath,
  integer,
  jsonObject,
  jsonTexts,
  list,
  onOff,
  seconds,
} from '../../../src/cli/value-types.js';

describe('value types', () => {
  it.each([
    ['0', 0],
    ['65535', 65_535],
    ['007', 7],
    ['65536', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    ['abc', undefined],
    ['80 ', undefined],
  ])('integer %s', (text, expected) => {
    expect(integer('n', 0, 65_535).parse(text)).toBe(expected);
  });

  it.each([
    ['/ws/agent', true],
    ['/ws', true],
    ['/docsearch', true],
    ['/healthz/ws', true],
    ['/docs', false],
    ['/docs/', false],
    ['/docs/asyncapi.json', false],
    ['/static', false],
    ['/static/x', false],
    ['/ws/statistics', false],
    ['/healthz', false],
    ['/readyz', false],
    ['/', false],
  ])('endpoint path %s', (path, isFree) => {
    expect(endpointPath.parse(path)).toBe(isFree ? path : undefined);
  });

  it.each([
    ['image', ['image']],
    ['image, FILE,', ['image', 'file']],
    ['image,video', undefined],
  ])('list of words %s', (text, expected) => {
    const isKind = (entry: string): entry is 'image' | 'file' => entry === 'image' || entry === 'file';
    expect(list('kinds', 'kinds', isKind).parse(text)).toEqual(expected);
  });

  it.each([
    ['{"seed":7,"a":{"b":[]}}', { seed: 7, a: { b: [] } }],
    ['{}', {}],
    ['[]', undefined],
    ['null', undefined],
    ['{seed:7}', undefined],
  ])('JSON object %s', (text, expected) => {
    expect(jsonObject.parse(text)).toEqual(expected);
  });

  it.each([
    ['{"api-key":"k"}', { 'api-key': 'k' }],
    ['{}', {}],
    ['{"api-key":7}', undefined],
    ['k', undefined],
  ])('JSON object of texts %s', (text, expected) => {
    expect(jsonTexts.parse(text)).toEqual(expected);
  });

  it('says which integers it takes', () => {
    expect(integer('n', 0, 65_535).rule).toBe('an integer from 0 to 65535');
    expect(integer('n', 1).rule).toBe('an integer of at least 1');
    expect(integer('n', 1).parse('9007199254740992')).toBeUndefined();
  });

  it.each([
    ['0', 0],
    ['0.7', 0.7],
    ['2', 2],
    ['2.1', undefined],
    ['.5', undefined],
    ['warm', undefined],
    ['Infinity', undefined],
  ])('decimal %s', (text, expected) => {
    expect(decimal('n', 0, 2).parse(text)).toBe(expected);
  });

  it.each([
    ['30', 30_000],
    ['0.5', 500],
    ['0.05', undefined],
    ['2147484', undefined],
    ['30s', undefined],
  ])('seconds %s in milliseconds', (text, expected) => {
    expect(seconds(100).parse(text)).toBe(expected);
  });

  it.each([
    ['1024', 1024],
    ['1KiB', 1024],
    ['2 mib', 2_097_152],
    ['1G', 1_073_741_824],
    ['1023', undefined],
    ['1.5MiB', undefined],
    ['1TiB', undefined],
    ['KiB', undefined],
    ['99999999999GiB', undefined],
  ])('bytes %s', (text, expected) => {
    expect(bytes(1024).parse(text)).toBe(expected);
  });

  it.each([
    [1_048_576, '1MiB'],
    [262_144, '256KiB'],
    [3_221_225_472, '3GiB'],
    [1025, '1025'],
  ])('shows %s bytes as %s, which reads the same', (value, shown) => {
    expect(bytes(1).show(value)).toBe(shown);
    expect(bytes(1).parse(shown)).toBe(value);
  });

  it.each([
    ['true', true],
    ['YES', true],
    ['1', true],
    ['on', true],
    ['false', false],
    ['no', false],
    ['0', false],
    ['off', false],
    ['maybe', undefined],
  ])('switch %s', (text, expected) => {
    expect(onOff.parse(text)).toBe(expected);
  });

  it('lists drop what is blank', () => {
    const names = list('names', 'names', (entry): entry is string => entry !== '');
    expect(names.parse(' a, b,,c ')).toEqual(['a', 'b', 'c']);
    expect(names.parse(',')).toEqual([]);
  });

  it('words are taken in any case', () => {
    expect(choice('level', ['info', 'warn']).parse('WARN')).toBe('warn');
    expect(choice('level', ['info', 'warn']).parse('loud')).toBeUndefined();
    expect(choice('level', ['info', 'warn']).rule).toBe('one of info, warn');
  });
});
