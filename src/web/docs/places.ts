import { CLOSE_CODES } from '../../protocol/close-codes.js';
import { ERROR_CODES, type ErrorCode } from '../../protocol/error-codes.js';
import { closeText } from '../ui/close-text.js';
import { fieldsOf, type Reference } from './reference.js';
import { SEQUENCES } from './sequence.js';
import { errorMeaning, GUIDES, meaning, type DocsI18n } from './texts.js';

/** What the page tells, and in which language. */
export interface Told {
  readonly reference: Reference;
  readonly i18n: DocsI18n;
}

/** What has a place on the page. */
export interface Place {
  readonly id: string;
  readonly name: string;
  readonly about: string;
}

/** The chapters of the page, in order, with the places in them. */
export function chaptersOf({ reference: { messages, tools, routes }, i18n }: Told) {
  const { language, t } = i18n;
  const place = (id: string, name: string, about = ''): Place => ({ id, name, about });
  const messagesFrom = (side: 'client' | 'server') =>
    messages
      .filter(({ from }) => from === side)
      .map(({ id, type, schema }) =>
        place(id, type, `${t(`from.${side}`)} · ${meaning(schema.description, language)}`),
      );
  return {
    overview: [],
    sequences: SEQUENCES.map(({ name }) => place(`sequence-${name}`, t(`sequence.${name}`))),
    guide: GUIDES.map(({ id, title }) => place(id, t(title))),
    client: messagesFrom('client'),
    server: messagesFrom('server'),
    errors: (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) =>
      place(`error-${code}`, code, errorMeaning(code, i18n)),
    ),
    close: Object.values(CLOSE_CODES).map(({ code }) => place(`close-${code}`, String(code), closeText(code, i18n))),
    limits: [],
    tools: tools.map(({ name, description }) => place(`tool-${name}`, name, description)),
    http: routes.map(({ path, summary }) => place('http', path, summary[language])),
  } satisfies Record<string, readonly Place[]>;
}

export type ChapterId = keyof ReturnType<typeof chaptersOf>;

/** All places, and the fields of messages behind them. */
export function placesOf(told: Told): Place[] {
  const fields = told.reference.messages.flatMap(({ id, type, schema }) =>
    fieldsOf(schema).map(({ path, schema: { description } }) => ({
      id: `${id}.${path}`,
      name: `${type}.${path}`,
      about: meaning(description, told.i18n.language),
    })),
  );
  return [...Object.values<readonly Place[]>(chaptersOf(told)).flat(), ...fields];
}

/** The places that hold every word, those first whose name begins with the query. */
export function find(places: readonly Place[], query: string): Place[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = places.filter(({ name, about }) => {
    const text = `${name} ${about}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const rank = ({ name }: Place): number => {
    const lower = name.toLowerCase();
    const word = words[0] ?? '';
    if (lower === word) return 0;
    return lower.startsWith(word) ? 1 : lower.includes(word) ? 2 : 3;
  };
  return found.sort((a, b) => rank(a) - rank(b));
}
