import { byId, el } from './dom.js';
import type { I18n } from './i18n.js';
import { LogRows, type LogFilter, type Row } from './log-rows.js';
import { messageDetail } from './message-detail.js';
import { messageRow, updateMessageRow } from './message-row.js';
import type { Painter } from './painter.js';
import type { Session } from './session.js';

const ROW_HEIGHT = 34;
/** Rows drawn beyond the visible ones on either side. */
const MARGIN = 8;
const SEARCH_DELAY_MS = 120;

/**
 * The log. Only the rows in sight are in the document, so thousands of frames cost no more than thirty.
 * One row at a time can be open; rows below it move down by its height.
 */
export class MessageList {
  readonly filter: LogFilter = { direction: 'all', type: '', text: '', fold: true, probes: false };
  readonly #rows = new LogRows();
  readonly #drawn = new Map<number, HTMLElement>();
  readonly #scroller = byId('log-scroll', HTMLElement);
  readonly #canvas = byId('log-rows', HTMLElement);
  readonly #search = byId('log-search', HTMLInputElement);
  readonly #types = byId('log-type', HTMLSelectElement);
  readonly #seenTypes = new Set<string>();
  readonly #session: Session;
  readonly #i18n: I18n;
  readonly #schedule: () => void;
  #open: { readonly id: number; readonly element: HTMLElement; height: number } | undefined;
  #focusId: number | undefined;
  #follow = true;
  #lastTop = 0;

  constructor(session: Session, i18n: I18n, painter: Painter) {
    this.#session = session;
    this.#i18n = i18n;
    const draw = (): void => this.#draw();
    this.#schedule = () => painter.schedule(draw);
    session.frames.added.on((frame) => {
      this.#rows.push(frame, this.filter);
      this.#learnType(frame.type);
      this.#schedule();
    });
    session.frames.dropped.on(() => this.refresh());
    i18n.changed.on(() => this.#redrawAll());
    this.#scroller.addEventListener('scroll', () => {
      const { scrollTop, clientHeight, scrollHeight } = this.#scroller;
      // Only the person scrolls up; growth alone must not look like that.
      if (scrollTop < this.#lastTop) this.#follow = false;
      if (scrollTop + clientHeight >= scrollHeight - ROW_HEIGHT) this.#follow = this.#open === undefined;
      this.#lastTop = scrollTop;
      this.#schedule();
    });
    new ResizeObserver(this.#schedule).observe(this.#scroller);
    this.#scroller.addEventListener('keydown', (event) => this.#onKey(event));
    this.#bindFilter();
  }

  /** Applies the filter anew. */
  refresh(): void {
    this.#rows.rebuild(this.#session.frames.all, this.filter);
    const openId = this.#open?.id;
    if (openId !== undefined && !this.#rows.rows.some((row) => row.id === openId)) this.#close();
    this.#schedule();
  }

  /** Shows only frames that hold this text: a run id, for one. */
  find(text: string): void {
    this.#search.value = text;
    this.filter.text = text.toLowerCase();
    this.refresh();
    this.#search.focus();
  }

  #bindFilter(): void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    this.#search.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        this.filter.text = this.#search.value.trim().toLowerCase();
        this.refresh();
      }, SEARCH_DELAY_MS);
    });
    this.#types.addEventListener('change', () => {
      this.filter.type = this.#types.value;
      this.refresh();
    });
    const direction = byId('log-direction', HTMLSelectElement);
    direction.addEventListener('change', () => {
      this.filter.direction = direction.value as LogFilter['direction'];
      this.refresh();
    });
    for (const [id, name] of [
      ['log-fold', 'fold'],
      ['log-probes', 'probes'],
    ] as const) {
      const box = byId(id, HTMLInputElement);
      box.addEventListener('change', () => {
        this.filter[name] = box.checked;
        this.refresh();
      });
    }
    byId('log-clear', HTMLButtonElement).addEventListener('click', () => this.#session.frames.clear());
    byId('log-reset', HTMLButtonElement).addEventListener('click', () => {
      this.#types.value = '';
      direction.value = 'all';
      Object.assign(this.filter, { type: '', direction: 'all' });
      this.find('');
    });
  }

  #learnType(type: string): void {
    if (this.#seenTypes.has(type)) return;
    this.#seenTypes.add(type);
    this.#types.append(el('option', { value: type }, type));
  }

  #draw(): void {
    const { rows } = this.#rows;
    const total = this.#session.frames.all.length;
    byId('log-empty', HTMLElement).hidden = total > 0;
    byId('log-none', HTMLElement).hidden = total === 0 || rows.length > 0;
    byId('log-count', HTMLElement).textContent = this.#countText(rows.length, total);
    const openIndex = this.#open === undefined ? -1 : rows.findIndex((row) => row.id === this.#open?.id);
    const extra = openIndex === -1 ? 0 : (this.#open?.height ?? 0);
    this.#canvas.style.height = `${rows.length * ROW_HEIGHT + extra}px`;
    if (this.#follow && !this.#scroller.contains(document.activeElement)) {
      this.#scroller.scrollTop = this.#scroller.scrollHeight;
    }
    const top = this.#scroller.scrollTop;
    const bottom = top + this.#scroller.clientHeight;
    const first = Math.max(0, Math.floor((top - extra) / ROW_HEIGHT) - MARGIN);
    const last = Math.min(rows.length - 1, Math.ceil(bottom / ROW_HEIGHT) + MARGIN);
    const wanted = new Map<number, number>();
    for (let index = first; index <= last; index++) {
      const row = rows[index];
      if (row !== undefined) wanted.set(row.id, index);
    }
    // The row with the focus stays in the document, or the focus would be lost.
    const focused = rows.findIndex((row) => row.id === this.#focusId);
    for (const index of [focused, openIndex]) {
      const row = rows[index];
      if (row !== undefined) wanted.set(row.id, index);
    }
    for (const [id, element] of this.#drawn) {
      if (wanted.has(id)) continue;
      element.remove();
      this.#drawn.delete(id);
    }
    const inOrder: HTMLElement[] = [];
    for (const [id, index] of [...wanted].sort(([, a], [, b]) => a - b)) {
      const row = rows[index];
      if (row === undefined) continue;
      const y = index * ROW_HEIGHT + (openIndex !== -1 && index > openIndex ? extra : 0);
      inOrder.push(this.#place(id, row, index, y));
      if (this.#open !== undefined && index === openIndex) {
        this.#open.element.style.transform = `translateY(${(openIndex + 1) * ROW_HEIGHT}px)`;
        inOrder.push(this.#open.element);
      }
    }
    this.#arrange(inOrder);
  }

  /** The document holds the rows in the order of time, for whoever reads it and not the screen. */
  #arrange(elements: readonly HTMLElement[]): void {
    let next = this.#canvas.firstElementChild;
    for (const element of elements) {
      // Only what is new moves: a row that has the focus would lose it.
      if (element === next) next = element.nextElementSibling;
      else this.#canvas.insertBefore(element, next);
    }
  }

  #place(id: number, row: Row, index: number, y: number): HTMLElement {
    let element = this.#drawn.get(id);
    if (element === undefined) {
      element = messageRow(row, this.#session.frames.begin, this.#i18n);
      element.querySelector('button')?.addEventListener('click', () => this.#toggle(id));
      element.addEventListener('focusin', () => (this.#focusId = id));
      element.addEventListener('focusout', () => (this.#focusId = undefined));
      this.#drawn.set(id, element);
    } else {
      updateMessageRow(element, row, this.#i18n);
    }
    element.setAttribute('aria-posinset', String(index + 1));
    element.setAttribute('aria-setsize', String(this.#rows.rows.length));
    element.querySelector('button')?.setAttribute('aria-expanded', String(this.#open?.id === id));
    element.style.transform = `translateY(${y}px)`;
    return element;
  }

  #toggle(id: number): void {
    const wasOpen = this.#open?.id === id;
    this.#close();
    const row = this.#rows.rows.find((each) => each.id === id);
    if (!wasOpen && row !== undefined) {
      const element = messageDetail(row, this.#i18n, (text) => this.find(text));
      this.#canvas.append(element);
      const open = { id, element, height: element.offsetHeight };
      this.#open = open;
      this.#follow = false;
      new ResizeObserver(() => {
        open.height = element.offsetHeight;
        this.#schedule();
      }).observe(element);
    }
    this.#schedule();
  }

  #close(): void {
    this.#open?.element.remove();
    this.#open = undefined;
  }

  /** Arrow keys, Home and End walk through the rows, also those that are not drawn yet. */
  #onKey(event: KeyboardEvent): void {
    if (!(event.target instanceof HTMLElement) || !event.target.classList.contains('row-button')) return;
    const { rows } = this.#rows;
    const index = rows.findIndex((row) => row.id === this.#focusId);
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: rows.length - 1 }[event.key];
    const row = to === undefined ? undefined : rows[to];
    if (to === undefined || row === undefined) return;
    event.preventDefault();
    this.#focusId = row.id;
    const { clientHeight, scrollTop } = this.#scroller;
    const y = to * ROW_HEIGHT;
    if (y < scrollTop) this.#scroller.scrollTop = y;
    else if (y + ROW_HEIGHT > scrollTop + clientHeight) this.#scroller.scrollTop = y + ROW_HEIGHT - clientHeight;
    this.#draw();
    this.#drawn.get(row.id)?.querySelector('button')?.focus({ preventScroll: true });
  }

  #redrawAll(): void {
    for (const element of this.#drawn.values()) element.remove();
    this.#drawn.clear();
    this.#close();
    this.#schedule();
  }

  #countText(shown: number, total: number): string {
    const dropped = this.#session.frames.droppedCount;
    const text = this.#i18n.t('log.count', { shown, total });
    return dropped === 0 ? text : `${text} ${this.#i18n.t('log.dropped', { count: dropped })}`;
  }
}
