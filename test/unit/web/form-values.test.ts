import { describe, expect, it } from 'vitest';
import { controlOf, firstDraft, readDrafts } from '../../../src/web/talk/form-values.js';

describe('a form that is made of a schema', () => {
  it.each([
    [{ type: 'string', maxLength: 20 }, undefined, 'line'],
    [{ type: 'string' }, undefined, 'text'],
    [{ type: 'string', enum: ['a', 'b'] }, undefined, 'choice'],
    [{ type: 'string' }, ['calculator'], 'choice'],
    [{ type: 'integer' }, undefined, 'number'],
    [{ type: 'boolean' }, undefined, 'flag'],
    [{ type: 'array', items: { type: 'string' } }, undefined, 'lines'],
    [{ type: 'array', items: { type: 'string' } }, ['calculator'], 'checks'],
    [{ type: 'array', items: { type: 'object' } }, undefined, 'json'],
    [{ type: 'object' }, undefined, 'json'],
  ])('shows %j with the choices %j as %s', (schema, choices, control) => {
    expect(controlOf(schema, choices)).toBe(control);
  });

  const schema = {
    type: 'object',
    required: ['label', 'count'],
    properties: {
      label: { type: 'string', maxLength: 5, pattern: '^[a-z]+$' },
      id: { type: 'string', format: 'uuid' },
      count: { type: 'integer', minimum: 1, maximum: 9 },
      exact: { type: 'boolean' },
      tags: { type: 'array', items: { type: 'string' } },
      extra: { type: 'object' },
    },
  };

  it('gives the values that were written, and leaves out the rest', () => {
    const drafts = { label: 'metre', count: '3', exact: 'true', tags: 'a\n\nb', extra: '{"x":1}' };
    expect(readDrafts(schema, drafts)).toEqual({
      value: { label: 'metre', count: 3, exact: true, tags: ['a', 'b'], extra: { x: 1 } },
      problems: {},
    });
  });

  it.each([
    ['label', '', 'form.required'],
    ['label', 'longer', 'form.tooLong'],
    ['label', 'A', 'form.pattern'],
    ['id', 'abc', 'form.uuid'],
    ['count', 'x', 'form.number'],
    ['count', '1.5', 'form.integer'],
    ['count', '0', 'form.min'],
    ['count', '10', 'form.max'],
    ['extra', '{', 'form.json'],
  ])('says what is wrong with %s: %j', (name, draft, key) => {
    const { value, problems } = readDrafts(schema, { label: 'a', count: '1', [name]: draft });
    expect(problems[name]?.key).toBe(key);
    expect(value).not.toHaveProperty(name);
  });

  it('begins with the default of a field', () => {
    expect(firstDraft({ type: 'string', default: 'a' })).toBe('a');
    expect(firstDraft({ type: 'integer', default: 8 })).toBe('8');
    expect(firstDraft({ type: 'integer' })).toBe('');
  });

  it('leaves a pattern that the browser cannot read to the server', () => {
    const properties = { a: { type: 'string', maxLength: 9, pattern: '(' } };
    expect(readDrafts({ type: 'object', properties }, { a: 'x' })).toEqual({ value: { a: 'x' }, problems: {} });
  });
});
