import { Answer, type AnswerKind } from './answer.js';
import { byId, el, icon, setText } from './dom.js';
import type { Message } from './frames.js';
import type { I18n } from './i18n.js';
import type { TextKey } from './locale/texts.js';
import { listOf, numberOf, textOf } from './message-fields.js';
import type { Resumption } from './resumption.js';
import type { Session } from './session.js';

/** Runs shown, the newest first. */
const MAX_ROWS = 50;
/** Runs end in groups: one question to the server for all of them. */
const SETTLE_MS = 150;
const ENDED: ReadonlySet<string> = new Set(['finished', 'failed', 'cancelled', 'interrupted']);

/** The runs the server lets this page read, with what can be done to them. Asks only while it is open. */
export class RunTable {
  readonly #toggle = byId('runs-toggle', HTMLButtonElement);
  readonly #refresh = byId('runs-refresh', HTMLButtonElement);
  readonly #panel = byId('runs-panel', HTMLElement);
  readonly #rows = byId('runs-rows', HTMLElement);
  readonly #session: Session;
  readonly #i18n: I18n;
  readonly #resumption: Resumption;
  readonly #show: (answer: Answer) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #runs: readonly Message[] = [];

  /** `show`: brings an answer before the person. */
  constructor(session: Session, i18n: I18n, resumption: Resumption, show: (answer: Answer) => void) {
    this.#session = session;
    this.#i18n = i18n;
    this.#resumption = resumption;
    this.#show = show;
    this.#toggle.addEventListener('click', () => {
      const isOpen = this.#panel.hidden;
      this.#panel.hidden = this.#refresh.hidden = !isOpen;
      this.#toggle.setAttribute('aria-expanded', String(isOpen));
      this.#ask();
    });
    this.#refresh.addEventListener('click', () => this.#ask());
    session.runs.counted.on(() => this.#askSoon());
    session.runs.began.on(() => this.#askSoon());
    session.greeted.on(() => this.#askSoon());
    session.connection.changed.on(() => this.#draw());
    i18n.changed.on(() => this.#draw());
  }

  #askSoon(): void {
    if (this.#panel.hidden) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), SETTLE_MS);
  }

  #ask(): void {
    if (!this.#panel.hidden && this.#session.isNegotiated) {
      this.#session.ask({ type: 'list_runs' }, (reply) => {
        this.#runs = listOf(reply, 'runs').slice(-MAX_ROWS).reverse();
        this.#draw();
      });
    }
    this.#draw();
  }

  #draw(): void {
    const { isNegotiated } = this.#session;
    const focused = this.#rows.contains(document.activeElement)
      ? document.activeElement?.getAttribute('data-key')
      : null;
    this.#rows.replaceChildren(...this.#runs.map((run) => this.#row(run, isNegotiated)));
    // A button that is still there keeps the focus.
    if (focused != null) this.#rows.querySelector<HTMLElement>(`[data-key="${focused}"]`)?.focus();
    const key: TextKey | undefined = !isNegotiated ? 'runs.offline' : this.#runs.length === 0 ? 'runs.none' : undefined;
    const note = byId('runs-note', HTMLElement);
    note.hidden = key === undefined;
    setText(note, key === undefined ? '' : this.#i18n.t(key));
    byId('runs-table', HTMLElement).hidden = this.#runs.length === 0;
    this.#refresh.disabled = !isNegotiated;
  }

  #row(run: Message, isNegotiated: boolean): HTMLElement {
    const id = textOf(run, 'run_id') ?? '';
    const state = textOf(run, 'state') ?? '';
    const known = this.#session.runs.byRunId(id)?.question;
    const name = el('code', { title: known === undefined ? id : `${known} · ${id}` }, id.slice(0, 8));
    const resume = this.#button('refresh', 'runs.resume', `${id} resume`, () => this.#read(run));
    const cancel = this.#button('stop', 'runs.cancel', `${id} cancel`, () => {
      this.#session.submit({ type: 'cancel', run_id: id });
    });
    cancel.classList.add('danger');
    resume.disabled = cancel.disabled = !isNegotiated;
    return el(
      'tr',
      { 'data-run': id, 'data-state': state },
      el('th', { scope: 'row' }, name),
      el('td', {}, el('code', {}, textOf(run, 'kind'))),
      el('td', { class: 'run-state' }, this.#i18n.maybe(`run.${state}`) ?? state),
      el('td', {}, String(numberOf(run, 'head') ?? 0)),
      el('td', { class: 'run-actions' }, resume, ENDED.has(state) ? null : cancel),
    );
  }

  /** Reads a run again from its start; one the page does not show gets its place first. */
  #read(run: Message): void {
    const id = textOf(run, 'run_id');
    if (id === undefined) return;
    const { runs } = this.#session;
    let answer = runs.byRunId(id);
    if (answer === undefined) {
      const kind = (textOf(run, 'kind') ?? 'streaming_query') as AnswerKind;
      const own = run['conversation_id'] === this.#session.thread.id && { conversation_id: run['conversation_id'] };
      answer = new Answer(kind, { type: kind, run_id: id, ...own }, id, undefined, 'watched');
      answer.state = 'accepted';
      runs.add(answer);
    }
    this.#resumption.read(answer, 0);
    this.#show(answer);
  }

  #button(iconName: string, key: TextKey, dataKey: string, onClick: () => void): HTMLButtonElement {
    const label = this.#i18n.t(key);
    const button = el(
      'button',
      { type: 'button', class: 'small-button', 'data-key': dataKey, 'aria-label': label, title: label },
      icon(iconName),
    );
    button.addEventListener('click', onClick);
    return button;
  }
}
