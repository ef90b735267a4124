import type { en } from './en.js';

/** Every text of the page by its key. English is the list; the others have to be complete to compile. */
export type Texts = Readonly<Record<keyof typeof en, string>>;
export type TextKey = keyof Texts;
