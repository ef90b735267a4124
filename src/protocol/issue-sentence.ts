import * as z from 'zod';
import { en } from 'zod/locales';
import { nearest } from './nearest.js';
import { rangeRule, type RangeIssue } from './issue-range.js';
import { jsonSchemaAt, valueAt, type SchemaNode } from './json-schema-at.js';

/** Maximum length of a name, in characters. */
const MAX_NAME = 200;

const english = en().localeError;

/** An issue of a schema, in the form of Standard Schema. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The refused value, and what is known of it besides the issue. */
export interface Refused {
  readonly value: unknown;
  /** JSON Schema of the value. With it, sentences give the whole range, and the right name of a misspelt field. */
  readonly schema?: SchemaNode | undefined;
  /** Name of the value. @default 'The value' */
  readonly name?: string | undefined;
}

/** The fields of a zod issue: each code has some of them. */
interface ZodIssue extends SchemaIssue, RangeIssue {
  readonly expected?: unknown;
  readonly values?: readonly unknown[];
  readonly format?: unknown;
  readonly note?: unknown;
  readonly prefix?: unknown;
  readonly suffix?: unknown;
  readonly includes?: unknown;
  readonly pattern?: unknown;
  readonly divisor?: unknown;
  readonly keys?: readonly string[];
  readonly options?: readonly unknown[];
  readonly errors?: readonly (readonly ZodIssue[])[];
}

/** The path of an issue. */
export function pathOf({ path = [] }: SchemaIssue): PropertyKey[] {
  return path.map((step) => (typeof step === 'object' ? step.key : step));
}

/** Keys as one dotted name, cut to a readable size: `params.expression`. */
export function dotted(path: readonly PropertyKey[]): string {
  return path.map(String).join('.').slice(0, MAX_NAME);
}

/**
 * Says in a sentence what is wrong with which field. Messages of zod are replaced by our own; messages of the schema's
 * author or of another library stay.
 */
export function issueSentence(issue: SchemaIssue, refused: Refused): string {
  const path = pathOf(issue);
  const { message } = issue;
  const own = isZods(issue, valueAt(refused.value, path)) ? sentenceOf(issue, path, refused) : undefined;
  if (own !== undefined) return own;
  const name = dotted(path);
  return name === '' || isNamed(message, name) ? message : `\`${name}\`: ${message}`;
}

/** Whether the message is zod's own, in English or in the configured language. */
function isZods(issue: SchemaIssue, input: unknown): issue is ZodIssue {
  if (!('code' in issue)) return false;
  if (issue.message === 'Invalid input') return true;
  return [english, z.config().localeError].some((say) => {
    try {
      const said = say?.({ ...issue, input } as never);
      return (typeof said === 'object' ? said?.message : said) === issue.message;
    } catch {
      // Another library uses the same codes with other fields.
      return false;
    }
  });
}

function isNamed(message: string, name: string): boolean {
  return message.startsWith(`${name} `) || message.includes(`"${name}"`) || message.includes(`\`${name}\``);
}

function sentenceOf(issue: ZodIssue, path: readonly PropertyKey[], refused: Refused): string | undefined {
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue.keys ?? [], path, refused);
  if (issue.code === 'invalid_union' && issue.options === undefined) return unionSentence(issue, path, refused);
  const value = valueAt(refused.value, path);
  const rule =
    value === undefined && path.length > 0 && !isAbsence(issue.expected)
      ? missing(issue)
      : ruleOf(issue, value, jsonSchemaAt(refused.schema, path));
  return rule === undefined ? undefined : `${subject(path, refused)} ${rule}`;
}

function subject(path: readonly PropertyKey[], { name = 'The value' }: Refused): string {
  return path.length === 0 ? name : `\`${dotted(path)}\``;
}

function missing({ values, options = values }: ZodIssue): string {
  return options === undefined ? 'is required' : `is required: ${list(options)}`;
}

function ruleOf(issue: ZodIssue, value: unknown, schema: SchemaNode | undefined): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return isAbsence(issue.expected) ? 'must be left out' : `must be ${typeName(issue.expected)}`;
    case 'invalid_value':
      return `must be ${list(issue.values ?? [])}`;
    case 'invalid_union':
      return `must be ${list(issue.options ?? [])}`;
    case 'too_small':
    case 'too_big':
      return rangeRule(issue, value, schema);
    case 'invalid_format':
      return formatRule(issue);
    case 'not_multiple_of':
      return `must be a multiple of ${String(issue.divisor)}`;
    case 'invalid_key':
      return 'has a name that is not allowed';
    case 'invalid_element':
      return 'holds a value that is not allowed';
    case 'custom':
      return 'is not valid';
    default:
      return undefined;
  }
}

/** For a union: its forms if they are short, or the issues of the form that was probably meant. */
function unionSentence({ errors = [] }: ZodIssue, path: readonly PropertyKey[], refused: Refused): string {
  if (valueAt(refused.value, path) === undefined && path.length > 0) return `${subject(path, refused)} is required`;
  const forms = errors.map(([first]) => (first === undefined || pathOf(first).length > 0 ? undefined : formOf(first)));
  const simple = forms.filter((form) => form !== undefined);
  if (simple.length === forms.length && simple.length > 0) {
    return `${subject(path, refused)} must be ${[...new Set(simple)].join(' or ')}`;
  }
  const meant = errors.filter((_, index) => forms[index] === undefined);
  const [only] = meant.length === 1 ? (meant[0] ?? []) : [];
  const inner = only && sentenceOf(only, [...path, ...pathOf(only)], refused);
  return inner ?? `${subject(path, refused)} has none of the forms it may have`;
}

function formOf({ code, expected, values }: ZodIssue): string | undefined {
  if (code === 'invalid_type') return typeName(expected);
  return code === 'invalid_value' ? list(values ?? []) : undefined;
}

function unknownKeys(keys: readonly string[], path: readonly PropertyKey[], { schema }: Refused): string {
  const { properties } = jsonSchemaAt(schema, path) ?? {};
  const names = typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
  return keys
    .map((key) => {
      const meant = nearest(key, names);
      const hint = meant === undefined ? '' : `; did you mean \`${meant}\`?`;
      return `\`${dotted([...path, key])}\` is not known${hint}`;
    })
    .join('; ');
}

function list(values: readonly unknown[]): string {
  const shown = values.map((value) => (typeof value === 'string' ? JSON.stringify(value) : String(value)));
  return shown.length > 1 ? `one of ${shown.join(', ')}` : (shown[0] ?? 'absent');
}

const TYPES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  bigint: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'an array',
  tuple: 'an array',
  null: 'null',
  nan: 'NaN',
};

function typeName(expected: unknown): string {
  const name = String(expected);
  return Object.hasOwn(TYPES, name) ? (TYPES[name] ?? name) : `a ${name}`;
}

function isAbsence(expected: unknown): boolean {
  return expected === 'undefined' || expected === 'void' || expected === 'never';
}

const FORMATS: Readonly<Record<string, string>> = {
  email: 'an email address',
  url: 'a URL',
  uuid: 'a UUID',
  guid: 'a UUID',
  datetime: 'a date and time such as 2026-01-31T09:30:00Z',
  date: 'a date such as 2026-01-31',
  time: 'a time such as 09:30:00',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  emoji: 'an emoji',
  base64: 'bytes in base64',
  base64url: 'bytes in base64url',
  hex: 'hexadecimal digits',
  duration: 'a duration such as PT1H30M',
  cidrv4: 'a range of IPv4 addresses such as 10.0.0.0/8',
  cidrv6: 'a range of IPv6 addresses such as 2001:db8::/32',
  e164: 'a telephone number such as +4930123456',
  hostname: 'the name of a host',
  mac: 'a MAC address',
  jwt: 'a JWT',
  json_string: 'JSON',
};

function formatRule({ format, note, prefix, suffix, includes, pattern }: ZodIssue): string {
  const name = String(format);
  if (name === 'url' && note === 'Invalid protocol') return `must be a URL ${schemeRule(String(pattern))}`;
  if (name === 'starts_with') return `must begin with ${JSON.stringify(prefix)}`;
  if (name === 'ends_with') return `must end with ${JSON.stringify(suffix)}`;
  if (name === 'includes') return `must contain ${JSON.stringify(includes)}`;
  if (name === 'regex') return `must match ${String(pattern)}`;
  if (name === 'lowercase' || name === 'uppercase') return `must be in ${name.replace('case', ' case')}`;
  return `must be ${Object.hasOwn(FORMATS, name) ? (FORMATS[name] ?? name) : `a text in the format ${JSON.stringify(name)}`}`;
}

function schemeRule(pattern: string): string {
  const [, scheme] = /^\^([a-z][a-z0-9+-]*)\$$/.exec(pattern) ?? [];
  return scheme === undefined ? `whose scheme matches /${pattern}/` : `that begins with ${scheme}:`;
}
