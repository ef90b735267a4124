import { bytesOf, dataUrl } from './attached.js';
import { byId, el, icon } from './dom.js';
import { formatBytes } from './format.js';
import type { I18n, TextValues } from './i18n.js';
import type { TextKey } from './locale/texts.js';
import type { Message } from './frames.js';
import type { Session } from './session.js';
import { Signal } from './signal.js';

/** What `connected` says of attachments. */
interface Rules {
  readonly media_types: readonly string[];
  readonly max_bytes: number;
  readonly max_count: number;
}

/** One file, the way it is sent. */
interface Draft {
  readonly type: 'image' | 'file';
  readonly media_type: string;
  readonly name: string;
  readonly data: string;
}

/** Characters in a name. */
const MAX_NAME = 255;
/** Bytes of a message that are left to the question and the other fields. */
const ROOM = 16_384;

/** The files the next question brings along: from a button, the clipboard, or dropped on the page. */
export class Tray {
  readonly changed = new Signal();
  /** Files came: they belong to a question. */
  readonly filled = new Signal();
  readonly #session: Session;
  readonly #i18n: I18n;
  readonly #list = byId('tray-list', HTMLElement);
  readonly #problem = byId('tray-problem', HTMLElement);
  readonly #button = byId('attach', HTMLButtonElement);
  readonly #files = byId('attach-files', HTMLInputElement);
  #drafts: readonly Draft[] = [];
  #isOffered = false;

  constructor(session: Session, i18n: I18n) {
    this.#session = session;
    this.#i18n = i18n;
    this.#button.addEventListener('click', () => this.#files.click());
    this.#files.addEventListener('change', () => {
      void this.add([...(this.#files.files ?? [])]);
      // The same file can be chosen again.
      this.#files.value = '';
    });
    this.#bindPaste();
    this.#bindDrop();
    session.greeted.on(() => this.#draw());
    session.connection.changed.on(() => this.#draw());
    i18n.changed.on(() => this.#draw());
    this.#draw();
  }

  /** What the server takes; `undefined` where it takes nothing, or is not there. */
  get rules(): Rules | undefined {
    const limits = this.#session.hello?.['limits'] as { readonly attachments?: Rules } | undefined;
    return this.#session.isNegotiated ? limits?.attachments : undefined;
  }

  /** The field of a question, or nothing. */
  get fields(): Message {
    return this.#drafts.length === 0 ? {} : { attachments: this.#drafts };
  }

  /** Whether what is being written can bring files along. */
  set isOffered(isOffered: boolean) {
    this.#isOffered = isOffered;
    this.#draw();
  }

  clear(): void {
    this.#drafts = [];
    this.#complain();
    this.#draw();
  }

  /** Puts files in, as far as the server takes them, and says why it does not take the others. */
  async add(files: readonly File[]): Promise<void> {
    const { rules } = this;
    if (rules === undefined || files.length === 0) return;
    const problems: string[] = [];
    for (const file of files) {
      const problem = await this.#take(file, rules);
      if (problem !== undefined) problems.push(this.#i18n.t(...problem));
    }
    this.#complain(problems);
    this.#draw();
    this.filled.emit();
  }

  async #take(file: File, rules: Rules): Promise<[TextKey, TextValues?] | undefined> {
    const name = file.name.slice(-MAX_NAME) || 'file';
    const type = takenAs(file, rules.media_types);
    if (type === undefined) {
      return ['attach.type', { name, type: file.type || '?', types: rules.media_types.join(', ') }];
    }
    if (file.size === 0) return ['attach.empty', { name }];
    if (file.size > rules.max_bytes) return ['attach.large', { name, max: formatBytes(rules.max_bytes) }];
    const data = await base64(file).catch(() => undefined);
    if (data === undefined) return ['attach.unreadable', { name }];
    // Looked at after the file was read: others may have come meanwhile.
    if (this.#drafts.length >= rules.max_count) return ['attach.many', { name, max: rules.max_count }];
    const { message_bytes: most } = this.#session.hello?.['limits'] as { readonly message_bytes: number };
    const length = this.#drafts.reduce((sum, draft) => sum + draft.data.length, data.length);
    if (length > most - ROOM) return ['attach.together', { name, max: formatBytes(most) }];
    const kind = type.startsWith('image/') ? 'image' : 'file';
    this.#drafts = [...this.#drafts, { type: kind, media_type: type, name, data }];
    return undefined;
  }

  #complain(problems: readonly string[] = []): void {
    this.#problem.hidden = problems.length === 0;
    this.#problem.textContent = problems.join('\n');
  }

  #draw(): void {
    const { rules } = this;
    this.#button.hidden = rules === undefined || !this.#isOffered;
    this.#files.accept = rules?.media_types.join(',') ?? '';
    this.#list.replaceChildren(...this.#drafts.map((draft) => this.#row(draft)));
    byId('tray', HTMLElement).hidden = !this.#isOffered;
    this.#list.hidden = this.#drafts.length === 0;
    this.changed.emit();
  }

  #row(draft: Draft): HTMLElement {
    const { name, type, media_type: mediaType, data } = draft;
    const label = this.#i18n.t('attach.remove', { name });
    const remove = el(
      'button',
      { type: 'button', class: 'icon-button', 'aria-label': label, title: label },
      icon('close'),
    );
    remove.addEventListener('click', () => {
      this.#drafts = this.#drafts.filter((each) => each !== draft);
      this.#complain();
      this.#draw();
      this.#button.focus();
    });
    return el(
      'li',
      {},
      type === 'image' ? el('img', { src: dataUrl({ mediaType, data }), alt: '' }) : icon('file'),
      el('span', {}, name),
      el('small', {}, formatBytes(bytesOf(data))),
      remove,
    );
  }

  #bindPaste(): void {
    document.addEventListener('paste', (event) => {
      const { clipboardData } = event;
      if (clipboardData === null || this.rules === undefined || document.querySelector('dialog[open]') !== null) return;
      const files = [...clipboardData.files];
      // Office programs bring a picture of the text along: then the text was meant.
      const isText = clipboardData.types.includes('text/html') && clipboardData.types.includes('text/plain');
      if (files.length === 0 || isText) return;
      event.preventDefault();
      void this.add(files);
    });
  }

  #bindDrop(): void {
    const page = document.documentElement;
    const isWelcome = (event: DragEvent): boolean =>
      this.rules !== undefined && event.dataTransfer?.types.includes('Files') === true;
    document.addEventListener('dragover', (event) => {
      if (!isWelcome(event)) return;
      // The browser would open the file in place of the page.
      event.preventDefault();
      page.dataset['dropping'] = '';
    });
    document.addEventListener('dragleave', (event) => {
      // Within the page the next element is named.
      if (event.relatedTarget === null) delete page.dataset['dropping'];
    });
    document.addEventListener('drop', (event) => {
      delete page.dataset['dropping'];
      if (!isWelcome(event)) return;
      event.preventDefault();
      void this.add([...(event.dataTransfer?.files ?? [])]);
    });
  }
}

/** The media type a file is sent as. Text of any kind is plain text to a server that takes that. */
function takenAs({ type }: File, taken: readonly string[]): string | undefined {
  const plain = type.split(';')[0]?.trim().toLowerCase() ?? '';
  if (taken.includes(plain)) return plain;
  const isText = plain.startsWith('text/') || plain === 'application/json';
  return isText && taken.includes('text/plain') ? 'text/plain' : undefined;
}

function base64(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      const url = typeof reader.result === 'string' ? reader.result : '';
      resolve(url.slice(url.indexOf(',') + 1));
    };
    reader.onerror = () => reject(reader.error ?? new Error('not readable'));
    reader.readAsDataURL(file);
  });
}
