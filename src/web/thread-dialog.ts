import { copyButton } from './copy-button.js';
import { bindClosing } from './dialog.js';
import { byId, el, icon, setText } from './dom.js';
import type { I18n } from './i18n.js';
import { listOf, textOf } from './message-fields.js';
import type { Session } from './session.js';
import type { ThreadSync } from './thread-sync.js';

interface Choice {
  readonly id: string;
  readonly title: string;
}

/** Where a conversation is named, left, or another one chosen. */
export class ThreadDialog {
  readonly #dialog = byId('threads', HTMLDialogElement);
  readonly #on = byId('threads-on', HTMLInputElement);
  readonly #name = byId('threads-name', HTMLInputElement);
  readonly #list = byId('threads-list', HTMLElement);
  readonly #session: Session;
  readonly #i18n: I18n;
  /** Conversations the server knows of, which it only tells a client it knows. */
  #told: readonly Choice[] = [];

  constructor(session: Session, sync: ThreadSync, i18n: I18n) {
    this.#session = session;
    this.#i18n = i18n;
    const { thread } = session;
    bindClosing(this.#dialog, byId('threads-close', HTMLButtonElement));
    byId('threads-copy', HTMLElement).append(copyButton(i18n, () => thread.id ?? ''));
    this.#on.addEventListener('change', () => {
      if (this.#on.checked) thread.open(undefined, false);
      else thread.leave();
    });
    byId('threads-rename', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      const title = this.#name.value.trim();
      if (title !== '') sync.rename(title);
    });
    byId('threads-choose', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      const other = byId('threads-other', HTMLInputElement);
      const id = other.value.trim();
      if (id === '') return;
      other.value = '';
      this.#choose(id);
    });
    thread.changed.on(() => this.#draw());
    i18n.changed.on(() => this.#draw());
  }

  show(): void {
    this.#askServer();
    this.#draw();
    this.#name.value = this.#session.thread.title ?? '';
    this.#dialog.showModal();
  }

  #choose(id: string): void {
    this.#session.thread.open(id);
    this.#dialog.close();
  }

  #askServer(): void {
    const { hello, isNegotiated } = this.#session;
    this.#told = [];
    if (!isNegotiated || hello?.['principal_id'] === 'anonymous') return;
    this.#session.ask({ type: 'list_conversations', limit: 50 }, (reply) => {
      this.#told = listOf(reply, 'conversations').map((each) => ({
        id: textOf(each, 'conversation_id') ?? '',
        title: textOf(each, 'title') ?? '',
      }));
      this.#draw();
    });
  }

  #draw(): void {
    const { thread } = this.#session;
    const { id } = thread;
    this.#on.checked = id !== undefined;
    byId('threads-own', HTMLElement).hidden = id === undefined;
    setText(byId('threads-id', HTMLElement), id ?? '');
    const { all } = thread.recent;
    const others = [...all, ...this.#told.filter((told) => !all.some((recent) => recent.id === told.id))];
    const rows = others.filter((other) => other.id !== id).map((other) => this.#row(other));
    const none = el('li', { class: 'muted-note' }, this.#i18n.t('threads.noOthers'));
    this.#list.replaceChildren(...(rows.length > 0 ? rows : [none]));
  }

  #row({ id, title }: Choice): HTMLElement {
    const name = title === '' ? this.#i18n.t('thread.untitled') : title;
    const button = el(
      'button',
      { type: 'button', class: 'threads-row' },
      el('span', {}, name),
      el('code', {}, id.length > 12 ? `${id.slice(0, 8)}…` : id),
    );
    button.addEventListener('click', () => this.#choose(id));
    const label = this.#i18n.t('threads.forget');
    const forget = el(
      'button',
      { type: 'button', class: 'icon-button', 'aria-label': label, title: label },
      icon('close'),
    );
    forget.addEventListener('click', () => {
      this.#session.thread.recent.forget(id);
      this.#draw();
      byId('threads-other', HTMLElement).focus();
    });
    const isOurs = this.#session.thread.recent.all.some((recent) => recent.id === id);
    return el('li', {}, button, isOurs ? forget : null);
  }
}
