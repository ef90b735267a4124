import type { Schema } from '../schema.js';
import type { TextValues } from '../ui/i18n.js';
import type { TextKey } from '../locale/texts.js';

/** What a person wrote or chose for one field. */
export type Draft = string | readonly string[];
export type Drafts = Readonly<Record<string, Draft>>;

/** What is wrong with a field. */
export interface Problem {
  readonly key: TextKey;
  readonly values?: TextValues;
}

/** The control that fits a schema. What fits none is written as JSON. */
type ControlKind = 'line' | 'text' | 'number' | 'choice' | 'flag' | 'lines' | 'checks' | 'json';

/** `choices`: values that the schema does not name, like the tools of the server. */
export function controlOf(schema: Schema, choices: readonly string[] | undefined): ControlKind {
  switch (schema.type) {
    case 'string':
      if (schema.enum !== undefined || choices !== undefined) return 'choice';
      // A bounded string fits on one line; an unbounded one is prose.
      return schema.maxLength === undefined && schema.format === undefined ? 'text' : 'line';
    case 'number':
    case 'integer':
      return 'number';
    case 'boolean':
      return 'flag';
    case 'array':
      if (schema.items?.type !== 'string') return 'json';
      return choices === undefined ? 'lines' : 'checks';
    default:
      return 'json';
  }
}

/** The value of a draft: `undefined` leaves the property out. Or what is wrong with it. */
function readDraft(
  schema: Schema,
  kind: ControlKind,
  draft: Draft,
  isRequired: boolean,
): { readonly value?: unknown; readonly problem?: Problem | undefined } {
  if (typeof draft !== 'string') return draft.length === 0 ? {} : { value: draft };
  if (draft.trim() === '') return isRequired ? { problem: { key: 'form.required' } } : {};
  switch (kind) {
    case 'number':
      return readNumber(schema, Number(draft));
    case 'flag':
      return { value: draft === 'true' };
    case 'lines':
      return { value: draft.split('\n').filter((line) => line.trim() !== '') };
    case 'json':
      try {
        return { value: JSON.parse(draft) as unknown };
      } catch {
        return { problem: { key: 'form.json' } };
      }
    default:
      return { value: draft, problem: textProblem(schema, draft) };
  }
}

/** The fields of an object schema as a value, and what is wrong with them. */
export function readDrafts(
  { properties = {}, required = [] }: Schema,
  drafts: Drafts,
  choicesOf: (name: string) => readonly string[] | undefined = () => undefined,
): { readonly value: Record<string, unknown>; readonly problems: Readonly<Record<string, Problem>> } {
  const value: Record<string, unknown> = {};
  const problems: Record<string, Problem> = {};
  for (const [name, schema] of Object.entries(properties)) {
    const kind = controlOf(schema, choicesOf(name));
    const read = readDraft(schema, kind, drafts[name] ?? firstDraft(schema), required.includes(name));
    if (read.problem !== undefined) problems[name] = read.problem;
    else if (read.value !== undefined) value[name] = read.value;
  }
  return { value, problems };
}

/** What a field holds before a person writes anything. */
export function firstDraft(schema: Schema): Draft {
  if (typeof schema.default === 'string') return schema.default;
  return schema.default === undefined ? '' : JSON.stringify(schema.default);
}

function readNumber(schema: Schema, value: number): { readonly value?: number; readonly problem?: Problem } {
  if (Number.isNaN(value)) return { problem: { key: 'form.number' } };
  if (schema.type === 'integer' && !Number.isInteger(value)) return { problem: { key: 'form.integer' } };
  const { minimum: min = -Infinity, maximum: max = Infinity } = schema;
  if (value < min) return { problem: { key: 'form.min', values: { min } } };
  if (value > max) return { problem: { key: 'form.max', values: { max } } };
  return { value };
}

function textProblem({ maxLength: max = Infinity, format, pattern = '' }: Schema, text: string): Problem | undefined {
  if (text.length > max) return { key: 'form.tooLong', values: { max } };
  if (format === 'uuid' && !/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)) return { key: 'form.uuid' };
  return fits(text, pattern) ? undefined : { key: 'form.pattern', values: { pattern } };
}

function fits(text: string, pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    // A pattern that the browser cannot read is left to the server.
    return true;
  }
}
