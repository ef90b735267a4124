import type { Schema, ToolSpec } from './catalog.js';
import { createField, type Field, type FieldSpec } from './field.js';
import { el } from './dom.js';
import type { I18n } from './i18n.js';
import { Signal } from './signal.js';

/** A form made from the JSON Schema of an object. */
export class SchemaForm {
  readonly element = el('div', { class: 'form' });
  readonly changed = new Signal();
  /** The fields that may be left out; hidden at first where there are others. */
  readonly optional: HTMLElement | undefined;
  /** Whether the message can bring files along; they have a place of their own. */
  readonly takesAttachments: boolean = false;
  readonly #fields = new Map<string, Field>();
  readonly #i18n: I18n;
  readonly #constants: Record<string, unknown> = {};
  readonly #order: readonly string[];
  readonly #required: ReadonlySet<string>;

  /** `isNested`: part of another form, which shows all of it. */
  constructor(schema: Schema, i18n: I18n, tools: readonly ToolSpec[], isNested = false) {
    this.#i18n = i18n;
    const properties = Object.entries(schema.properties ?? {});
    const { const: type } = schema.properties?.['type'] ?? {};
    this.#order = properties.map(([name]) => name);
    this.#required = new Set(schema.required);
    const optional: HTMLElement[] = [];
    for (const [name, property] of properties) {
      if (property.const !== undefined) {
        this.#constants[name] = property.const;
        continue;
      }
      if (name === 'attachments') {
        this.takesAttachments = true;
        continue;
      }
      const field = this.#create(
        {
          type: typeof type === 'string' ? type : undefined,
          name,
          schema: property,
          required: this.#required.has(name),
          i18n,
          choices: name === 'tool_name' || name === 'tools' ? tools.map((tool) => tool.name) : undefined,
        },
        tools,
      );
      this.#fields.set(name, field);
      const isMain = this.#required.has(name) || name === 'params';
      if (isMain) this.element.append(field.element);
      else optional.push(field.element);
    }
    if (optional.length > 0) {
      this.optional = el('div', { class: 'more-fields' }, ...optional);
      this.optional.hidden = this.element.childElementCount > 0 && !isNested;
      this.element.append(this.optional);
    }
    this.element.addEventListener('input', () => this.changed.emit());
    i18n.translate(this.element);
  }

  /** The object, or `undefined` where a field is wrong: the first one then has the focus. */
  submit(): Record<string, unknown> | undefined {
    let first: Field | undefined;
    for (const field of this.#fields.values()) {
      if (!this.#showProblem(field)) first ??= field;
    }
    if (first !== undefined) {
      if (this.optional?.contains(first.control) === true) this.optional.hidden = false;
      this.changed.emit();
      if (first.reveal === undefined) first.control.focus();
      else first.reveal();
      return undefined;
    }
    return this.read();
  }

  /** The object as it stands, without what is wrong. */
  read(): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    for (const name of this.#order) {
      if (Object.hasOwn(this.#constants, name)) value[name] = this.#constants[name];
      const field = this.#fields.get(name);
      if (field === undefined || (field.problem() !== undefined && field.reveal === undefined)) continue;
      const read = field.read();
      if (read !== undefined) value[name] = read;
    }
    return value;
  }

  /** Fills fields in. */
  write(values: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(values)) this.#fields.get(name)?.write(value);
    this.changed.emit();
  }

  /** Fills in what has to be there and is not. */
  suggest(values: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(values)) {
      const field = this.#fields.get(name);
      if (value !== undefined && field !== undefined && this.#required.has(name) && isEmpty(field)) field.write(value);
    }
    this.changed.emit();
  }

  /** Whether every field is in order. */
  get isValid(): boolean {
    return [...this.#fields.values()].every((field) => field.problem() === undefined);
  }

  /** Where to start typing. */
  focus(): void {
    this.#fields.values().next().value?.control.focus();
  }

  #create(spec: FieldSpec, tools: readonly ToolSpec[]): Field {
    if (spec.name === 'params' && tools.length > 0 && this.#fields.has('tool_name')) {
      return this.#paramsField(tools);
    }
    return createField(spec);
  }

  /** The params of a tool call: the form of whichever tool is chosen. */
  #paramsField(tools: readonly ToolSpec[]): Field {
    const element = el('fieldset', { class: 'params' }, el('legend', { class: 'field-name' }, 'params'));
    const forms = new Map<string, SchemaForm>();
    const body = el('div');
    element.append(body);
    const current = (): SchemaForm | undefined => forms.get(String(this.#fields.get('tool_name')?.read()));
    const show = (): void => {
      const tool = tools.find((each) => each.name === this.#fields.get('tool_name')?.read());
      if (tool === undefined) return;
      let form = forms.get(tool.name);
      if (form === undefined) {
        form = new SchemaForm(tool.parameters, this.#i18n, [], true);
        forms.set(tool.name, form);
      }
      const about = el('p', { class: 'field-help' }, this.#i18n.maybe(`tool.${tool.name}`) ?? tool.description);
      about.dataset['t'] = `tool.${tool.name}`;
      body.replaceChildren(about, form.element);
      this.#i18n.translate(body);
    };
    show();
    this.#fields.get('tool_name')?.control.addEventListener('input', show);
    return {
      element,
      control: element,
      reveal: () => void current()?.submit(),
      read: () => current()?.read() ?? {},
      problem: () => (current()?.isValid === false ? { key: 'form.params' } : undefined),
      write: (value) => {
        show();
        current()?.write(value as Readonly<Record<string, unknown>>);
      },
    };
  }

  /** Says what is wrong with a field. `true` where nothing is. */
  #showProblem(field: Field): boolean {
    const problem = field.problem();
    const place = field.element.querySelector(':scope > .field-problem');
    field.control.setAttribute('aria-invalid', String(problem !== undefined));
    if (place instanceof HTMLElement) {
      place.hidden = problem === undefined;
      place.textContent = problem === undefined ? '' : this.#i18n.t(problem.key, problem.values);
    }
    return problem === undefined;
  }
}

function isEmpty(field: Field): boolean {
  return field.problem()?.key === 'form.required';
}
