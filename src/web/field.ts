import type { Schema } from './catalog.js';
import { el } from './dom.js';
import type { I18n, TextValues } from './i18n.js';
import type { TextKey } from './locale/texts.js';
import { ASKS_FOR_RUN } from './session.js';

/** What is wrong with a field. */
export interface Problem {
  readonly key: TextKey;
  readonly values?: TextValues;
}

/** One property of a message as a form control. */
export interface Field {
  /** The control with everything around it. */
  readonly element: HTMLElement;
  /** What gets the focus when the field is wrong. */
  readonly control: HTMLElement;
  /** The value, `undefined` to leave the property out. Only asked where there is no problem. */
  read(): unknown;
  problem(): Problem | undefined;
  /** Only a field of fields has it: shows what is wrong inside. Such a field can be read all the same. */
  reveal?(): void;
  /** Fills the field in. */
  write(value: unknown): void;
}

/** What a field is made from. */
export interface FieldSpec {
  /** The type of message it is part of; `undefined` for the params of a tool. */
  readonly type: string | undefined;
  readonly name: string;
  readonly schema: Schema;
  readonly required: boolean;
  readonly i18n: I18n;
  /** Values to choose from that the schema does not name: the server's tools. */
  readonly choices?: readonly string[] | undefined;
}

/** What the page fills in by itself where the person leaves it out of a message that asks for a run. */
const AUTOMATIC: ReadonlySet<string> = new Set(['run_id', 'request_id', 'conversation_id']);

let nextId = 1;

/** Makes the control that fits the schema. What fits none is written as JSON. */
export function createField(spec: FieldSpec): Field {
  const { schema } = spec;
  const options = schema.enum?.filter((value) => typeof value === 'string') ?? spec.choices;
  switch (schema.type) {
    case 'string':
      if (options !== undefined && options.length > 0) return selectField(spec, options);
      return textField(spec);
    case 'number':
    case 'integer':
      return numberField(spec);
    case 'boolean':
      return booleanField(spec);
    case 'array':
      if (schema.items?.type === 'string') {
        return spec.choices !== undefined && spec.choices.length > 0 ? checkField(spec, spec.choices) : listField(spec);
      }
      return jsonField(spec);
    default:
      return jsonField(spec);
  }
}

function textField(spec: FieldSpec): Field {
  const { schema, required, name, type } = spec;
  // A bounded string fits on one line; an unbounded one is prose.
  const isLong = schema.maxLength === undefined && schema.format === undefined;
  const control = isLong
    ? el('textarea', { rows: 1, spellcheck: 'false' })
    : el('input', { type: 'text', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off' });
  if (name === 'query') control.dataset['tPlaceholder'] = 'form.query.placeholder';
  if (AUTOMATIC.has(name) && ASKS_FOR_RUN.has(type) && !required) control.dataset['tPlaceholder'] = 'form.automatic';
  return {
    ...frame(spec, control),
    control,
    read: () => (control.value === '' && !required ? undefined : control.value),
    problem: () => {
      const { value } = control;
      if (value.trim() === '') return required ? { key: 'form.required' } : undefined;
      if (schema.maxLength !== undefined && value.length > schema.maxLength) {
        return { key: 'form.tooLong', values: { max: schema.maxLength } };
      }
      if (schema.format === 'uuid' && !/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value))
        return { key: 'form.uuid' };
      return isLong || fits(value, schema.pattern)
        ? undefined
        : { key: 'form.pattern', values: { pattern: schema.pattern ?? '' } };
    },
    write: (value) => {
      control.value = typeof value === 'string' ? value : '';
    },
  };
}

function fits(value: string, pattern: string | undefined): boolean {
  try {
    return pattern === undefined || new RegExp(pattern, 'u').test(value);
  } catch {
    // A pattern the browser cannot read is left to the server.
    return true;
  }
}

function numberField(spec: FieldSpec): Field {
  const { schema, required } = spec;
  const control = el('input', { type: 'number', step: schema.type === 'integer' ? 1 : 'any', inputmode: 'decimal' });
  // zod writes the bounds of a safe integer into the schema: no news to a person.
  const min = Math.abs(schema.minimum ?? Infinity) < Number.MAX_SAFE_INTEGER ? schema.minimum : undefined;
  const max = Math.abs(schema.maximum ?? Infinity) < Number.MAX_SAFE_INTEGER ? schema.maximum : undefined;
  return {
    ...frame(spec, control),
    control,
    read: () => (control.value === '' ? undefined : control.valueAsNumber),
    problem: () => {
      if (control.validity.badInput) return { key: 'form.number' };
      if (control.value === '') return required ? { key: 'form.required' } : undefined;
      const value = control.valueAsNumber;
      if (schema.type === 'integer' && !Number.isInteger(value)) return { key: 'form.integer' };
      if (min !== undefined && value < min) return { key: 'form.min', values: { min } };
      if (max !== undefined && value > max) return { key: 'form.max', values: { max } };
      return undefined;
    },
    write: (value) => {
      control.value = typeof value === 'number' ? String(value) : '';
    },
  };
}

function selectField(spec: FieldSpec, options: readonly string[]): Field {
  const control = el('select');
  if (!spec.required) control.append(el('option', { value: '', 'data-t': 'form.unset' }));
  for (const option of options) control.append(el('option', { value: option }, option));
  if (typeof spec.schema.default === 'string') control.value = spec.schema.default;
  return {
    ...frame(spec, control),
    control,
    read: () => (control.value === '' ? undefined : control.value),
    problem: () => undefined,
    write: (value) => {
      control.value = typeof value === 'string' ? value : '';
    },
  };
}

function booleanField(spec: FieldSpec): Field {
  const field = selectField(spec, ['true', 'false']);
  return {
    ...field,
    read: () => {
      const value = field.read();
      return value === undefined ? undefined : value === 'true';
    },
    write: (value) => field.write(String(value)),
  };
}

/** Strings, one per line. */
function listField(spec: FieldSpec): Field {
  const control = el('textarea', { rows: 2, spellcheck: 'false', 'data-t-placeholder': 'form.onePerLine' });
  const lines = (): string[] => control.value.split('\n').filter((line) => line.trim() !== '');
  return {
    ...frame(spec, control),
    control,
    read: () => (lines().length === 0 && !spec.required ? undefined : lines()),
    problem: () => undefined,
    write: (value) => {
      control.value = Array.isArray(value) ? value.join('\n') : '';
    },
  };
}

/** Strings out of a known set. None checked leaves the property out. */
function checkField(spec: FieldSpec, choices: readonly string[]): Field {
  const boxes = choices.map((choice) => el('input', { type: 'checkbox', value: choice }));
  const labels = boxes.map((box) => el('label', { class: 'check' }, box, el('code', {}, box.value)));
  const control = el('div', { class: 'checks', role: 'group' }, ...labels);
  const checked = (): string[] => boxes.filter((box) => box.checked).map((box) => box.value);
  return {
    ...frame(spec, control),
    control: boxes[0] ?? control,
    read: () => (checked().length === 0 ? undefined : checked()),
    problem: () => undefined,
    write: (value) => {
      for (const box of boxes) box.checked = Array.isArray(value) && value.includes(box.value);
    },
  };
}

function jsonField(spec: FieldSpec): Field {
  const control = el('textarea', { rows: 2, class: 'mono', spellcheck: 'false', placeholder: '{ }' });
  const parse = (): unknown => (control.value.trim() === '' ? undefined : (JSON.parse(control.value) as unknown));
  return {
    ...frame(spec, control),
    control,
    read: parse,
    problem: () => {
      try {
        return parse() === undefined && spec.required ? { key: 'form.required' } : undefined;
      } catch {
        return { key: 'form.json' };
      }
    },
    write: (value) => {
      control.value = value === undefined ? '' : JSON.stringify(value, null, 2);
    },
  };
}

/** The label, the help and the place for a problem around a control. */
function frame(spec: FieldSpec, control: HTMLElement): { element: HTMLElement } {
  const id = `field-${nextId++}`;
  control.id = id;
  control.setAttribute('name', spec.name);
  // The same name means another thing in another message.
  const own = `field.${spec.type}.${spec.name}`;
  const key = spec.i18n.maybe(own) === undefined ? `field.${spec.name}` : own;
  const help = spec.i18n.maybe(key) ?? spec.schema.description ?? '';
  const hasHelp = help !== '';
  control.setAttribute('aria-describedby', hasHelp ? `${id}-help ${id}-problem` : `${id}-problem`);
  if (spec.required && control.tagName !== 'DIV') control.setAttribute('aria-required', 'true');
  const isGroup = control.getAttribute('role') === 'group';
  if (isGroup) control.setAttribute('aria-labelledby', `${id}-label`);
  const label = el(isGroup ? 'span' : 'label', { class: 'field-name', id: `${id}-label` }, spec.name);
  if (spec.name === 'query') label.dataset['t'] = 'form.query.label';
  if (!isGroup) label.setAttribute('for', id);
  const element = el(
    'div',
    { class: 'field', 'data-field': spec.name },
    el(
      'div',
      { class: 'field-head' },
      label,
      spec.required ? null : el('span', { class: 'field-optional', 'data-t': 'form.optional' }),
    ),
    control,
    hasHelp ? el('p', { class: 'field-help', id: `${id}-help`, 'data-t': key }, help) : null,
    el('p', { class: 'field-problem', id: `${id}-problem`, hidden: true }),
  );
  spec.i18n.translate(element);
  return { element };
}
