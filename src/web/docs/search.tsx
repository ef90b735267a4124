import { useEffect, useRef, useState } from 'preact/hooks';
import { isComposing, SearchField } from '../ui/field.js';
import { find, placesOf, type Told } from './places.js';

const MOST = 40;

/** Finds messages, fields, codes, tools, routes and guides. */
export function Search(told: Told) {
  const { t } = told.i18n;
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
  const isAsked = query.trim() !== '';
  const found = isAsked ? find(placesOf(told), query) : [];
  return (
    <search>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (found[0] === undefined) return;
          location.hash = found[0].id;
          setQuery('');
        }}
      >
        <SearchField
          ref={input}
          id="search"
          label={t('docs.search')}
          placeholder={`${t('docs.search')}  /`}
          value={query}
          onText={setQuery}
          onKeyDown={(event) => event.key === 'Escape' && !isComposing(event) && setQuery('')}
        />
      </form>
      <p class="visually-hidden" role="status">
        {isAsked && (found.length === 0 ? t('docs.nothing') : t('docs.found', { count: found.length }))}
      </p>
      {isAsked && (
        <ul id="results">
          {found.slice(0, MOST).map(({ id, name, about = '' }) => (
            <li>
              <a href={`#${id}`} onClick={() => setQuery('')}>
                <code>{name}</code> <span>{about.replaceAll('`', '')}</span>
              </a>
            </li>
          ))}
          {found.length === 0 && (
            <li>
              <span>{t('docs.nothing')}</span>
            </li>
          )}
        </ul>
      )}
    </search>
  );
}
