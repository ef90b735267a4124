import { Preference } from './preference.js';
import { Signal } from './signal.js';

export const THEMES = ['system', 'light', 'dark'] as const;
export type ThemeName = (typeof THEMES)[number];

/** Light, dark, or what the system says. */
export class Theme {
  readonly changed = new Signal();
  readonly #preference = new Preference<ThemeName>('theme', THEMES);
  #name: ThemeName;

  constructor() {
    this.#name = this.#preference.read() ?? 'system';
    this.#apply();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.changed.emit());
  }

  get name(): ThemeName {
    return this.#name;
  }

  /** Goes on to the next one. */
  next(): void {
    this.#name = THEMES[(THEMES.indexOf(this.#name) + 1) % THEMES.length] ?? 'system';
    this.#preference.write(this.#name);
    this.#apply();
    this.changed.emit();
  }

  #apply(): void {
    document.documentElement.dataset['theme'] = this.#name;
  }
}
