import type { Catalog } from './catalog.js';
import { byId, el, setText } from './dom.js';
import { SchemaForm } from './form.js';
import type { Message } from './frames.js';
import type { I18n } from './i18n.js';
import { jsonView } from './json-view.js';
import { RawEditor } from './raw-editor.js';
import { reveal } from './reveal.js';
import type { Session } from './session.js';
import type { Tray } from './tray.js';

/** What people reach for first stands first. */
const QUESTION = 'streaming_query';
const ORDER = [QUESTION, 'agent_query', 'tool_call', 'ping', 'cancel'];
const RAW = 'raw';
/** What the page sends by itself where it is needed stands behind the raw editor. */
const FIRST = ORDER.length;

/** Where messages are written: a tab with a form for every type the server's document names, and one for raw JSON. */
export class Composer {
  readonly #tabs = byId('composer-tabs', HTMLElement);
  readonly #panel = byId('composer-panel', HTMLElement);
  readonly #hint = byId('composer-hint', HTMLElement);
  readonly #preview = byId('composer-preview', HTMLButtonElement);
  readonly #json = byId('composer-json', HTMLElement);
  readonly #more = byId('composer-more', HTMLButtonElement);
  readonly #send = byId('composer-send', HTMLButtonElement);
  readonly #forms = new Map<string, SchemaForm>();
  readonly #descriptions = new Map<string, string>();
  readonly #raw: RawEditor;
  readonly #tray: Tray;
  readonly #session: Session;
  readonly #i18n: I18n;
  #current = RAW;

  constructor(session: Session, i18n: I18n, tray: Tray) {
    this.#session = session;
    this.#i18n = i18n;
    this.#tray = tray;
    this.#raw = new RawEditor(i18n);
    this.#addTab(RAW);
    this.select(RAW);
    const form = byId('composer', HTMLFormElement);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    form.addEventListener('keydown', (event) => this.#onKey(event, form));
    this.#tabs.addEventListener('keydown', (event) => this.#onTabKey(event));
    session.connection.changed.on(() => this.#showReady());
    i18n.changed.on(() => this.#showHint());
    tray.changed.on(() => this.#showDisclosures());
    tray.filled.on(() => {
      if (this.#forms.get(this.#current)?.takesAttachments !== true) this.select(QUESTION);
    });
    this.#preview.addEventListener('click', () => {
      this.#json.hidden = !this.#json.hidden;
      this.#showDisclosures();
      reveal(this.#json);
    });
    this.#more.addEventListener('click', () => {
      const optional = this.#forms.get(this.#current)?.optional;
      if (optional !== undefined) optional.hidden = !optional.hidden;
      this.#showDisclosures();
      // It opens below what is in sight.
      if (optional !== undefined) reveal(optional);
    });
    this.#showReady();
  }

  /** Makes the forms of a catalog. */
  load(catalog: Catalog): void {
    const rank = (type: string): number => (ORDER.includes(type) ? ORDER.indexOf(type) : ORDER.length);
    const specs = [...catalog.messages].sort((a, b) => rank(a.type) - rank(b.type));
    this.#tabs.replaceChildren();
    for (const [index, { type, schema, description }] of specs.entries()) {
      if (index === FIRST) this.#addTab(RAW);
      const form = new SchemaForm(schema, this.#i18n, catalog.tools);
      form.changed.on(() => this.#showDisclosures());
      this.#forms.set(type, form);
      this.#descriptions.set(type, description);
      this.#addTab(type);
    }
    if (specs.length <= FIRST) this.#addTab(RAW);
    this.select(specs[0]?.type ?? RAW);
  }

  /** Fills a message in, ready to be sent. */
  fill(message: Message): void {
    const type = String(message['type']);
    const form = this.#forms.get(type);
    if (form === undefined) this.#raw.text = JSON.stringify(message, null, 2);
    else form.write(message);
    this.select(form === undefined ? RAW : type);
  }

  /** Shows the form of a type. */
  select(type: string): void {
    this.#current = type;
    for (const tab of this.#tabs.querySelectorAll('button')) {
      const isCurrent = tab.dataset['type'] === type;
      tab.setAttribute('aria-selected', String(isCurrent));
      tab.tabIndex = isCurrent ? 0 : -1;
      if (isCurrent) {
        this.#panel.setAttribute('aria-labelledby', tab.id);
        reveal(tab);
      }
    }
    const form = this.#forms.get(type);
    this.#tray.isOffered = form?.takesAttachments === true;
    form?.suggest(this.#atHand());
    this.#panel.replaceChildren(form?.element ?? this.#raw.element);
    // The language may have changed while it was out of the page.
    this.#i18n.translate(this.#panel);
    this.#showHint();
    this.#showDisclosures();
  }

  focus(): void {
    (this.#forms.get(this.#current) ?? this.#raw).focus();
  }

  #addTab(type: string): void {
    const tab = el(
      'button',
      { type: 'button', role: 'tab', id: `tab-${type}`, 'aria-controls': 'composer-panel', 'data-type': type },
      type === RAW ? el('span', { 'data-t': 'composer.raw' }, this.#i18n.t('composer.raw')) : type,
    );
    tab.addEventListener('click', () => this.select(type));
    this.#tabs.append(tab);
  }

  /** What a message is likely to be about: the conversation, the newest run, and the decision it waits for. */
  #atHand(): Message {
    const { thread, runs } = this.#session;
    const newest = runs.all.findLast((answer) => answer.runId !== undefined);
    const approval = runs.live
      .flatMap((answer) => answer.openApprovals.map(({ id }) => ({ id, run: answer.runId })))
      .at(-1);
    return {
      conversation_id: thread.id,
      run_id: approval?.run ?? newest?.runId,
      tool_call_id: approval?.id,
    };
  }

  #submit(): void {
    const form = this.#forms.get(this.#current);
    if (form === undefined) {
      const text = this.#raw.text;
      if (text.trim() !== '') this.#session.submitText(text);
      return;
    }
    const fields = form.submit();
    if (fields === undefined) return;
    const message = this.#withAttachments(form, fields);
    if (!this.#session.submit(message)) return;
    // The question is on the page now; the other fields stay for the next one.
    if ('query' in message) form.write({ query: '', run_id: undefined, request_id: undefined });
    if (form.takesAttachments) this.#tray.clear();
    form.focus();
  }

  #withAttachments(form: SchemaForm, fields: Message): Message {
    return form.takesAttachments ? { ...fields, ...this.#tray.fields } : fields;
  }

  #onKey(event: KeyboardEvent, form: HTMLFormElement): void {
    // While an input method composes, Enter picks a candidate.
    if (event.key !== 'Enter' || event.isComposing || !(event.target instanceof HTMLTextAreaElement)) return;
    const isQuery = event.target.name === 'query' && !event.shiftKey;
    if (!isQuery && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    form.requestSubmit();
  }

  #onTabKey(event: KeyboardEvent): void {
    const tabs = [...this.#tabs.querySelectorAll('button')];
    const index = tabs.findIndex((tab) => tab.dataset['type'] === this.#current);
    const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length];
    if (tab?.dataset['type'] === undefined) return;
    this.select(tab.dataset['type']);
    tab.focus();
  }

  #showReady(): void {
    const isOpen = this.#session.connection.isOpen;
    this.#send.disabled = !isOpen;
    byId('composer-offline', HTMLElement).hidden = isOpen;
  }

  #showHint(): void {
    const known = this.#i18n.maybe(`message.${this.#current}`);
    setText(this.#hint, known ?? this.#descriptions.get(this.#current) ?? '');
  }

  /** The optional fields and the JSON, each behind a button. */
  #showDisclosures(): void {
    const form = this.#forms.get(this.#current);
    const optional = form?.optional;
    this.#more.hidden = optional === undefined;
    this.#more.setAttribute('aria-expanded', String(optional?.hidden === false));
    setText(byId('composer-more-count', HTMLElement), String(optional?.childElementCount ?? 0));
    this.#preview.hidden = form === undefined;
    this.#preview.setAttribute('aria-expanded', String(!this.#json.hidden));
    this.#json.replaceChildren(
      ...(form === undefined || this.#json.hidden ? [] : [jsonView(this.#withAttachments(form, form.read()))]),
    );
  }
}
