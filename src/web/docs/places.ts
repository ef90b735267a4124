import { CLOSE_CODES } from '../../protocol/close-codes.js';
import { ERROR_CODES, type ErrorCode } from '../../protocol/error-codes.js';
import { closeText } from '../ui/close-text.js';
import { fieldsOf, type Reference } from './reference.js';
import { SEQUENCE_NAMES } from './sequence.js';
import { errorMeaning, GUIDES, meaning, type DocsI18n } from './texts.js';

/** What the page tells, and in which language. */
export interface Told {
  readonly reference: Reference;
  readonly i18n: DocsI18n;
}

/** What has a place on the page. Names of the protocol say what they are about, titles need not. */
export interface Place {
  readonly id: string;
  readonly name: string;
  readonly about?: string;
}

/** The chapters in order, each with the places that the contents list. */
export function contentsOf({ reference: { messages }, i18n: { language, t } }: Told) {
  const messagesFrom = (side: 'client' | 'server'): Place[] =>
    messages
      .filter(({ from }) => from === side)
      .map(({ id, type, schema: { description } }) => {
        return { id, name: type, about: `${t(`from.${side}`)} · ${meaning(description, language)}` };
      });
  return {
    overview: [],
    sequences: SEQUENCE_NAMES.map((name) => ({ id: `sequence-${name}`, name: t(`sequence.${name}`) })),
    guide: GUIDES.map(({ id, title }) => ({ id, name: t(title) })),
    client: messagesFrom('client'),
    server: messagesFrom('server'),
    errors: [],
    close: [],
    limits: [],
    tools: [],
    http: [],
  } satisfies Record<string, Place[]>;
}

export type ChapterId = keyof ReturnType<typeof contentsOf>;

/** All that the search knows: what the contents list, then codes, tools, routes and fields. */
export function placesOf(told: Told): Place[] {
  const { messages, tools, routes } = told.reference;
  const { language } = told.i18n;
  return [
    ...Object.values<Place[]>(contentsOf(told)).flat(),
    ...(Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => {
      return { id: `error-${code}`, name: code, about: errorMeaning(code, told.i18n) };
    }),
    ...Object.values(CLOSE_CODES).map(({ code }) => {
      return { id: `close-${code}`, name: String(code), about: closeText(code, told.i18n) };
    }),
    ...tools.map(({ name, description }) => ({ id: `tool-${name}`, name, about: description })),
    ...routes.map(({ path, summary }) => ({ id: 'http', name: path, about: summary[language] })),
    ...messages.flatMap(({ id, type, schema }) =>
      fieldsOf(schema).map(({ path, schema: { description } }) => {
        return { id: `${id}.${path}`, name: `${type}.${path}`, about: meaning(description, language) };
      }),
    ),
  ];
}

/** The places that hold every word, those first whose name begins with the query. */
export function find(places: readonly Place[], query: string): Place[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = places.filter(({ name, about = '' }) => {
    const text = `${name} ${about}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const [word = ''] = words;
  const rank = (place: Place): number => {
    const name = place.name.toLowerCase();
    return [name === word, name.startsWith(word), name.includes(word), true].indexOf(true);
  };
  return found.sort((a, b) => rank(a) - rank(b));
}
