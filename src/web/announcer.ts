import { byId } from './dom.js';

/** Says things to screen readers, politely, one at a time. */
export class Announcer {
  readonly #region = byId('announcer', HTMLElement);

  say(text: string): void {
    this.#region.textContent = text;
  }
}
