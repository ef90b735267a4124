import { ERROR_CODES } from '../protocol/error-codes.js';
import { html, type Html } from './html.js';
import type { DocumentSchema } from './message-schemas.js';

/** A field of a message, or of an object inside it, as a row for people. */
export interface FieldRow {
  /** Dotted; `[]` for the elements of an array. */
  readonly path: string;
  readonly type: Html;
  readonly required: boolean;
  /** Bounds and defaults, one each. */
  readonly rules: readonly string[];
  readonly meaning: string;
}

/** The fields of an object's schema, nested ones after the field that holds them. */
export function fieldRows(schema: DocumentSchema, prefix = ''): FieldRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = prefix + name;
    const row: FieldRow = {
      path,
      type: typeOf(field),
      required: schema.required?.includes(name) ?? false,
      rules: rulesOf(field),
      meaning: field.description ?? '',
    };
    return [row, ...fieldRows(field, `${path}.`), ...fieldRows(field.items ?? {}, `${path}[].`)];
  });
}

const ERROR_CODE_COUNT = Object.keys(ERROR_CODES).length;

function typeOf(schema: DocumentSchema): Html {
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (schema.enum?.length === ERROR_CODE_COUNT) return html`<a href="#errors">error code</a>`;
  if (schema.enum !== undefined) {
    return html`${schema.enum.map((value) => html`<code>${JSON.stringify(value)}</code> `)}`;
  }
  if (schema.type === 'array') return html`array of ${typeOf(schema.items ?? {})}`;
  return html`${schema.format ?? schema.type ?? 'any JSON'}`;
}

function rulesOf(schema: DocumentSchema): string[] {
  const rules = [
    range(schema.minLength, schema.maxLength, 'characters'),
    range(schema.minimum, schema.maximum),
    range(undefined, schema.maxItems, 'elements'),
    // A format says it better.
    schema.pattern !== undefined && schema.format === undefined ? `matches ${schema.pattern}` : undefined,
    schema.default === undefined ? undefined : `default ${JSON.stringify(schema.default)}`,
  ];
  return rules.filter((rule) => rule !== undefined);
}

function range(low: number | undefined, high: number | undefined, unit = ''): string | undefined {
  if (low === undefined && high === undefined) return undefined;
  if (high === undefined) return `at least ${low ?? ''} ${unit}`.trimEnd();
  return (low === undefined ? `at most ${high} ${unit}` : `${low} to ${high} ${unit}`).trimEnd();
}
