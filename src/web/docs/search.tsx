import { useEffect, useRef, useState } from 'preact/hooks';
import { CLOSE_CODES } from '../../protocol/close-codes.js';
import { ERROR_CODES } from '../../protocol/error-codes.js';
import { Icon } from '../ui/icon.js';
import { useI18n, type I18n } from '../ui/i18n.js';
import { find, type Entry } from './find.js';
import { fieldsOf, type Reference } from './reference.js';
import { closeText } from '../ui/close-text.js';
import { fill } from '../ui/fill.js';
import { docsTexts, errorMeaning, meaning } from './texts.js';

const MOST = 40;

/** Finds messages, fields, codes, tools, routes and chapters. */
export function Search({ reference }: { readonly reference: Reference }) {
  const i18n = useI18n();
  const texts = docsTexts(i18n.language);
  const [query, setQuery] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener('keydown', focus);
    return () => document.removeEventListener('keydown', focus);
  }, []);
  const found = find(entriesOf(reference, i18n), query);
  const summary = found.length === 0 ? texts.nothing : fill(texts.found, { count: found.length });
  return (
    <search class="search">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (found[0] === undefined) return;
          location.hash = found[0].place;
          setQuery('');
        }}
      >
        <Icon name="search" />
        <input
          ref={input}
          type="search"
          id="search"
          aria-label={texts.search}
          placeholder={`${texts.search}  /`}
          autocomplete="off"
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Escape' && setQuery('')}
        />
      </form>
      <p class="visually-hidden" role="status">
        {query.trim() !== '' && summary}
      </p>
      {query.trim() !== '' && (
        <ul class="results" id="results">
          {found.slice(0, MOST).map(({ name, about, place }) => (
            <li>
              <a href={`#${place}`} onClick={() => setQuery('')}>
                <code>{name}</code> <span>{about.replaceAll('`', '')}</span>
              </a>
            </li>
          ))}
          {found.length === 0 && <li class="empty">{texts.nothing}</li>}
        </ul>
      )}
    </search>
  );
}

function entriesOf({ messages, tools, routes }: Reference, i18n: I18n): Entry[] {
  const { language } = i18n;
  const texts = docsTexts(language);
  return [
    ...[
      ...texts.guides,
      ...Object.entries(texts.sequences).map(([name, { title }]) => ({ id: `sequence-${name}`, title })),
    ].map(({ id, title }) => ({ name: title, about: '', place: id })),
    ...messages.map(({ id, type, schema, isFromClient }) => ({
      name: type,
      about: `${isFromClient ? texts.fromClient : texts.fromServer} · ${meaning(schema.description ?? '', language)}`,
      place: id,
    })),
    ...Object.keys(ERROR_CODES).map((code) => ({
      name: code,
      about: errorMeaning(code, i18n),
      place: `error-${code}`,
    })),
    ...Object.values(CLOSE_CODES).map(({ code }) => ({
      name: String(code),
      about: closeText(code, i18n),
      place: `close-${code}`,
    })),
    ...tools.map(({ name, description }) => ({ name, about: description, place: `tool-${name}` })),
    ...routes.map(({ path, summary }) => ({ name: path, about: summary[language], place: 'http' })),
    ...messages.flatMap(({ id, type, schema }) =>
      fieldsOf(schema).map(({ path, schema: field }) => ({
        name: `${type}.${path}`,
        about: meaning(field.description ?? '', language),
        place: `${id}.${path}`,
      })),
    ),
  ];
}
