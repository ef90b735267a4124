import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toolParameters } from '../../../../src/providers/openai/tool-parameters.js';
import { defineTool, type ToolDefinition } from '../../../../src/tool/tool.js';
import type { StandardSchema } from '../../../../src/tool/standard-schema.js';

type Params = ToolDefinition<StandardSchema>['params'];

const toolOf = (params: Params) => defineTool({ name: 't', description: 't', params, execute: () => 1 });
const sent = (params: Params): unknown => toolParameters(toolOf(params).parameters);
const text = { type: 'string' };

describe('toolParameters', () => {
  it('leaves a schema of an object as it is', () => {
    const { parameters } = toolOf(z.strictObject({ a: z.union([z.string(), z.number()]) }));
    expect(toolParameters(parameters)).toBe(parameters);
  });

  it('adds properties to a record', () => {
    expect(sent(z.record(z.string(), z.string()))).toMatchObject({
      type: 'object',
      properties: {},
      additionalProperties: text,
    });
    expect(toolParameters({ type: 'object' })).toEqual({ type: 'object', properties: {} });
  });

  it('leaves out propertyNames wherever a record is, and no property of this name', () => {
    const labels = z.record(z.string().min(1), z.string());
    const params = z.object({
      labels,
      lists: z.array(z.object({ labels: labels.optional() })),
      either: z.union([labels, z.number()]),
      deep: z.record(z.string(), labels),
      propertyNames: z.string().default('propertyNames'),
    });
    const record = { type: 'object', additionalProperties: text };
    const { properties } = sent(params) as { properties: Record<string, unknown> };
    expect(properties).toMatchObject({
      labels: record,
      lists: { items: { properties: { labels: record } } },
      either: { anyOf: [record, { type: 'number' }] },
      deep: { type: 'object', additionalProperties: record },
      propertyNames: { type: 'string', default: 'propertyNames' },
    });
    expect(JSON.stringify(properties).match(/"propertyNames":\{"/g)).toHaveLength(1);
    expect(JSON.stringify(sent(labels))).not.toContain('propertyNames');
  });

  it('lists the properties of a union, of which those of all alternatives are required', () => {
    const shapes = [
      z.object({ kind: z.literal('page'), id: z.string(), at: z.number() }),
      z.object({ kind: z.literal('quiz'), id: z.string(), at: z.boolean().optional() }),
      z.object({ kind: z.enum(['quiz', 'note']), id: z.string() }),
    ] as const;
    const merged = {
      type: 'object',
      properties: {
        kind: { type: 'string', enum: ['page', 'quiz', 'note'] },
        id: text,
        at: { anyOf: [{ type: 'number' }, { type: 'boolean' }] },
      },
      required: ['kind', 'id'],
    };
    expect(sent(z.union(shapes))).toEqual(merged);
    expect(sent(z.discriminatedUnion('kind', [shapes[0], shapes[1]]))).toMatchObject({ required: ['kind', 'id'] });
    // Alternatives of alternatives, and those that everything else goes with.
    expect(sent(z.union([z.union([shapes[0], shapes[1]]), shapes[2]]))).toEqual(merged);
    expect(sent(z.intersection(z.union(shapes), z.object({ more: z.string() })))).toEqual({
      ...merged,
      properties: { more: text, ...merged.properties },
      required: ['more', 'kind', 'id'],
    });
  });

  it('requires nothing of a union with anything but objects', () => {
    expect(sent(z.union([z.object({ a: z.string() }), z.null()]))).toEqual({ type: 'object', properties: { a: text } });
  });

  it('finds the definitions that alternatives refer to', () => {
    const registry = { a: z.object({ a: z.string() }).meta({ id: 'a/1' }), b: z.object({ b: z.string() }) };
    expect(sent(z.union([registry.a, registry.b]))).toMatchObject({ properties: { a: text, b: text } });
    const circle = { $defs: { x: { anyOf: [{ $ref: '#/$defs/x' }, { properties: { a: text } }] } } };
    expect(toolParameters({ anyOf: [{ $ref: '#/$defs/x' }, { $ref: '#/$defs/none' }], ...circle })).toMatchObject({
      properties: { a: text },
    });
  });
});

describe('defineTool', () => {
  it('shows the properties of a schema with an id', () => {
    const { parameters } = toolOf(z.object({ a: z.string() }).meta({ id: 'Thing' }));
    expect(parameters).toEqual({ type: 'object', properties: { a: text }, required: ['a'] });
    const part = z.object({ a: z.string() }).meta({ id: 'Part' });
    expect(toolOf(z.object({ part }).meta({ id: 'Whole' })).parameters).toMatchObject({
      properties: { part: { $ref: '#/$defs/Part' } },
      $defs: { Part: { properties: { a: text } } },
    });
    expect(() => toolOf(z.string().meta({ id: 'Text' }) as unknown as Params)).toThrow('schema of an object');
  });
});
