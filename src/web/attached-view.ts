import { dataUrl, type Attached } from './attached.js';
import { el, icon, setText } from './dom.js';
import { formatBytes } from './format.js';
import type { I18n } from './i18n.js';

/** The images and files of a question. What is not here is fetched when it comes into sight, or when it is wanted. */
export class AttachedView {
  readonly element = el('ul', { class: 'attached', hidden: true, 'data-t-label': 'attached.label' });
  readonly #i18n: I18n;
  readonly #load: (attached: Attached) => void;
  readonly #observer: IntersectionObserver;
  #shown: readonly Attached[] = [];
  #items: AttachedItem[] = [];

  /** `load`: fetches the bytes; the view is drawn again when they are there. */
  constructor(i18n: I18n, load: (attached: Attached) => void) {
    this.#i18n = i18n;
    this.#load = load;
    this.#observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const item = this.#items.find(({ element }) => element === target);
        if (item === undefined) continue;
        item.isNear = isIntersecting;
        item.draw();
      }
    });
  }

  draw(all: readonly Attached[]): void {
    if (all !== this.#shown) {
      this.#shown = all;
      this.#observer.disconnect();
      this.#items = all.map((each) => new AttachedItem(each, this.#i18n, this.#load));
      this.element.replaceChildren(...this.#items.map(({ element }) => element));
      for (const { element } of this.#items) this.#observer.observe(element);
    }
    this.element.hidden = all.length === 0;
    for (const item of this.#items) item.draw();
  }
}

class AttachedItem {
  readonly element = el('li');
  isNear = false;
  readonly #attached: Attached;
  readonly #i18n: I18n;
  readonly #load: (attached: Attached) => void;
  readonly #image = el('img', { alt: '', hidden: true });
  readonly #note = el('small');
  readonly #name: string;
  readonly #link: HTMLAnchorElement;
  #isWanted = false;

  constructor(attached: Attached, i18n: I18n, load: (attached: Attached) => void) {
    this.#attached = attached;
    this.#i18n = i18n;
    this.#load = load;
    const { name, isImage, mediaType, url } = attached;
    this.#name = name ?? (url === undefined ? mediaType : url);
    this.#link = el(
      'a',
      url === undefined
        ? { href: '#', download: name ?? `attachment.${mediaType.split('/')[1] ?? 'bin'}` }
        : { href: url, target: '_blank', rel: 'noopener noreferrer' },
      this.#image,
      icon(isImage ? 'image' : 'file'),
      el('span', {}, this.#name),
      this.#note,
    );
    if (url === undefined) this.#link.addEventListener('click', (event) => this.#onClick(event));
    this.element.append(this.#link);
  }

  draw(): void {
    const { data, isImage, bytes, isGone, url } = this.#attached;
    setText(this.#note, isGone ? this.#i18n.t('attached.gone') : bytes === undefined ? '' : formatBytes(bytes));
    if (url !== undefined) return;
    if (data === undefined) {
      if (isImage && this.isNear && !isGone) this.#load(this.#attached);
      return;
    }
    if (this.#link.getAttribute('href') === '#') this.#link.href = dataUrl(this.#attached);
    if (isImage && this.#image.hidden) {
      this.#image.src = this.#link.href;
      this.#image.alt = this.#name;
      this.#image.hidden = false;
    }
    if (this.#isWanted) {
      this.#isWanted = false;
      this.#link.click();
    }
  }

  /** A click before the bytes are here counts when they are. */
  #onClick(event: MouseEvent): void {
    if (this.#attached.data !== undefined) return;
    event.preventDefault();
    this.#isWanted = true;
    this.#load(this.#attached);
  }
}
