import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import * as mini from 'zod/mini';
import { fieldIssues, summary } from '../../../src/protocol/field-issues.js';
import { jsonSchemaOf } from '../../../src/protocol/json-schema-of.js';

/** What is told of a value, as path and message. */
function told(schema: z.core.$ZodType, value: unknown, name?: string): [string, string][] {
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise || result.issues === undefined) throw new Error('It was accepted');
  return fieldIssues(result.issues, { value, schema: jsonSchemaOf(schema), name }).map((issue) => [
    issue.path,
    issue.message,
  ]);
}

const field = (schema: z.ZodType): z.ZodType => z.object({ f: schema });

describe('fieldIssues', () => {
  it('joins a path whose steps are keys, symbols or segments', () => {
    const path = ['a', 0, Symbol('s'), { key: 'b' }];
    expect(fieldIssues([{ path, message: 'No' }, { message: 'Nor this' }], { value: {} })).toEqual([
      { path: 'a.0.Symbol(s).b', message: '`a.0.Symbol(s).b`: No' },
      { path: '', message: 'Nor this' },
    ]);
  });

  it('gives 16 issues at most, each cut', () => {
    const long = { path: ['p'.repeat(500)], message: 'm'.repeat(500) };
    const issues = fieldIssues(
      Array.from({ length: 17 }, () => long),
      { value: {} },
    );
    expect(issues).toHaveLength(16);
    expect(issues[15]?.path).toBe('p'.repeat(200));
    expect(issues[15]?.message).toBe(`\`${'p'.repeat(200)}\`: ${'m'.repeat(500)}`.slice(0, 500));
    expect(summary(issues).length).toBeLessThan(4 * 510);
    expect(summary(issues)).toMatch(/; and more$/);
  });

  it.each<[string, z.ZodType, unknown, string]>([
    ['nothing', z.string(), {}, '`f` is required'],
    ['undefined', z.number(), { f: undefined }, '`f` is required'],
    ['no choice', z.enum(['a', 'b']), {}, '`f` is required: one of "a", "b"'],
    ['no form', z.union([z.string(), z.number()]), {}, '`f` is required'],
    ['null', z.string(), { f: null }, '`f` must be a string'],
    ['a text', z.number(), { f: '1' }, '`f` must be a number'],
    ['a text', z.boolean(), { f: 'true' }, '`f` must be true or false'],
    ['a text', z.object({}), { f: 'x' }, '`f` must be an object'],
    ['an object', z.array(z.string()), { f: {} }, '`f` must be an array'],
    ['a fraction', z.int(), { f: 1.5 }, '`f` must be a whole number'],
    ['a text', z.null(), { f: 'x' }, '`f` must be null'],
    ['a value', z.undefined(), { f: 1 }, '`f` must be left out'],
    ['another choice', z.enum(['fast', 'slow']), { f: 'quick' }, '`f` must be one of "fast", "slow"'],
    ['another text', z.literal('a'), { f: 'b' }, '`f` must be "a"'],
    ['too little', z.number().min(1).max(9), { f: 0 }, '`f` must be from 1 to 9'],
    ['too much', z.number().min(1).max(9), { f: 10 }, '`f` must be from 1 to 9'],
    ['too little', z.int().min(0), { f: -1 }, '`f` must be at least 0'],
    ['the bound', z.number().gt(0), { f: 0 }, '`f` must be more than 0'],
    ['the bound', z.number().min(0).lt(1), { f: 1 }, '`f` must be at least 0 and less than 1'],
    ['too much', z.number().max(5).optional(), { f: 6 }, '`f` must be at most 5'],
    ['too much', z.number().min(2).max(5).nullable(), { f: 6 }, '`f` must be from 2 to 5'],
    ['empty text', z.string().min(1).max(9), { f: '' }, '`f` must not be empty'],
    ['long text', z.string().min(1).max(9), { f: 'x'.repeat(10) }, '`f` must have 1 to 9 characters'],
    ['long text', z.string().max(1), { f: 'xx' }, '`f` must have at most 1 character'],
    ['short text', z.string().min(2), { f: 'x' }, '`f` must have at least 2 characters'],
    ['short text', z.string().length(3), { f: 'x' }, '`f` must have exactly 3 characters'],
    ['an empty list', z.array(z.string()).min(1), { f: [] }, '`f` must not be empty'],
    ['a long list', z.array(z.string()).max(1), { f: ['a', 'b'] }, '`f` must have at most 1 item'],
    ['no address', z.email(), { f: 'x' }, '`f` must be an email address'],
    ['no UUID', z.uuid(), { f: 'x' }, '`f` must be a UUID'],
    ['another text', z.string().regex(/^\d+$/), { f: 'x' }, '`f` must match /^\\d+$/'],
    ['another text', z.string().startsWith('A-'), { f: 'x' }, '`f` must begin with "A-"'],
    ['another text', z.string().endsWith('.ts'), { f: 'x' }, '`f` must end with ".ts"'],
    ['another text', z.string().includes('@'), { f: 'x' }, '`f` must contain "@"'],
    ['another text', z.base64(), { f: '?' }, '`f` must be bytes in base64'],
    ['another text', z.cuid2(), { f: '?' }, '`f` must be a text in the format "cuid2"'],
    ['no address', z.url(), { f: 'x' }, '`f` must be a URL'],
    ['no address', z.url({ protocol: /^https$/ }), { f: 'x' }, '`f` must be a URL'],
    ['another scheme', z.url({ protocol: /^https$/ }), { f: 'http://a/' }, '`f` must be a URL that begins with https:'],
    [
      'another scheme',
      z.url({ protocol: /^wss?$/ }),
      { f: 'http://a/' },
      '`f` must be a URL whose scheme matches /^wss?$/',
    ],
    ['an odd number', z.number().multipleOf(2), { f: 3 }, '`f` must be a multiple of 2'],
    ['what a rule refuses', z.string().refine(() => false), { f: 'x' }, '`f` is not valid'],
    ['neither', z.union([z.string(), z.number()]), { f: [] }, '`f` must be a string or a number'],
    ['one without its field', z.union([z.string(), z.object({ a: z.string() })]), { f: {} }, '`f.a` is required'],
    [
      'none of two objects',
      z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]),
      { f: {} },
      '`f` has none of the forms it may have',
    ],
    [
      'another kind',
      z.discriminatedUnion('k', [z.object({ k: z.literal('a') }), z.object({ k: z.literal('b') })]),
      { f: { k: 'c' } },
      '`f.k` must be one of "a", "b"',
    ],
    ['a wrong element', z.array(z.number()), { f: [1, 'x'] }, '`f.1` must be a number'],
    ['a wrong value', z.record(z.string(), z.number()), { f: { a: 'x' } }, '`f.a` must be a number'],
    ['a wrong key', z.record(z.string().max(1), z.number()), { f: { aa: 1 } }, '`f.aa` has a name that is not allowed'],
    ['a field too many', z.strictObject({ color: z.string().optional() }), { f: { x: 1 } }, '`f.x` is not known'],
    [
      'a misspelt field',
      z.strictObject({ color: z.string().optional() }),
      { f: { colour: 'red' } },
      '`f.colour` is not known; did you mean `color`?',
    ],
  ])('says what to do about %s in place of %s', (_given, schema, value, sentence) => {
    expect(told(field(schema), value)).toEqual([[expect.any(String), sentence]]);
  });

  it('lists numbers to choose from', () => {
    expect(told(field(z.literal([1, 2])), { f: 3 })).toEqual([['f', '`f` must be one of 1, 2']]);
  });

  it('names the value itself where that is wrong', () => {
    expect(told(z.object({}), [])).toEqual([['', 'The value must be an object']]);
    expect(told(z.object({}), 'x', 'What "t" takes')).toEqual([['', 'What "t" takes must be an object']]);
    expect(told(z.looseObject({}).optional(), null, 'It')).toEqual([['', 'It must be an object']]);
  });

  it('never repeats what was given', () => {
    const schema = z.strictObject({ a: z.enum(['x']), b: z.string().max(2), c: z.email(), d: z.int() });
    const text = JSON.stringify(told(schema, { a: 'secret', b: 'secret', c: 'secret', d: 'secret' }));
    expect(text).not.toContain('secret');
  });

  it.each([
    [field(z.string({ error: 'Name please' })), {}, '`f`: Name please'],
    [field(z.string().min(3, { error: 'At least three letters in "f"' })), { f: 'a' }, 'At least three letters in "f"'],
    [field(z.string().refine(() => false, { error: 'No such order' })), { f: 'a' }, '`f`: No such order'],
    [z.object({}).refine(() => false, { error: 'Give a or b' }), {}, 'Give a or b'],
  ])('keeps what the author of a schema wrote', (schema, value, sentence) => {
    expect(told(schema, value).map(([, message]) => message)).toEqual([sentence]);
  });

  it('keeps what another library says, also behind a code of the same name', () => {
    const issues = [
      { code: 'required', path: ['name'], message: 'name must be a string (was missing)' },
      { code: 'too_small', path: ['age'], message: 'Expected more' },
      { path: ['mail'], message: 'Invalid type: Expected string but received undefined' },
    ];
    expect(fieldIssues(issues, { value: {} }).map(({ message }) => message)).toEqual([
      'name must be a string (was missing)',
      '`age`: Expected more',
      '`mail`: Invalid type: Expected string but received undefined',
    ]);
  });

  it('says the same of schemas without words, and in a process that chose another language', () => {
    expect(told(mini.object({ f: mini.string() }), {})).toEqual([['f', '`f` is required']]);
    const { localeError } = z.config();
    onTestFinished(() => void z.config({ localeError }));
    z.config(z.locales.zhCN());
    expect(told(field(z.number().max(5)), { f: 9 })).toEqual([['f', '`f` must be at most 5']]);
    expect(told(field(z.string()), {})).toEqual([['f', '`f` is required']]);
  });
});
