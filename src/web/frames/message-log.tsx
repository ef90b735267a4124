/** `<MessageLog rows={recording.rows} />`: every frame of the page, with a filter. `rows.show({ text })` filters it. */
import './log.css';
import { useEffect, useState } from 'preact/hooks';
import { Button } from '../ui/button.js';
import { useI18n } from '../ui/i18n.js';
import { Icon } from '../ui/icon.js';
import type { LogFilter, LogRows } from './log-rows.js';
import { MessageList } from './message-list.js';
import { useRedraw } from './use-redraw.js';

const SEARCH_DELAY_MS = 120;

export function MessageLog({ rows }: { readonly rows: LogRows }) {
  const { t } = useI18n();
  useRedraw(rows.changed.on);
  const { frames, filter } = rows;
  const directions = (['in', 'out', 'local'] as const).map((name) => [name, t(`direction.${name}`)] as const);
  const choices = {
    direction: [['all', t('log.direction.all')] as const, ...directions],
    type: [['', t('log.type.all')] as const, ...[...rows.types].map((type) => [type, type] as const)],
  };
  return (
    <section class="log" id="log" aria-labelledby="log-title" tabIndex={-1}>
      <div class="section-head">
        <h2 id="log-title">{t('log.title')}</h2>
        <span class="log-count" id="log-count">
          {t('log.count', { shown: rows.all.length, total: frames.all.length })}{' '}
          {frames.droppedCount > 0 && t('log.dropped', { count: frames.droppedCount })}
        </span>
        <Button icon="trash" label={t('clear')} id="log-clear" onClick={() => frames.clear()} />
      </div>
      <div class="filters" role="search">
        <Search rows={rows} />
        {(['direction', 'type'] as const).map((name) => (
          <select
            key={name}
            id={`log-${name}`}
            aria-label={t(`log.${name}`)}
            value={filter[name]}
            onChange={({ currentTarget }) => rows.show({ [name]: currentTarget.value as LogFilter['direction'] })}
          >
            {choices[name].map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        ))}
        {(['fold', 'probes'] as const).map((name) => (
          <label key={name} class="check">
            <input
              type="checkbox"
              checked={filter[name]}
              onChange={({ currentTarget }) => rows.show({ [name]: currentTarget.checked })}
            />
            {t(`log.${name}`)}
          </label>
        ))}
      </div>
      <MessageList rows={rows} />
    </section>
  );
}

/** Waits until the person stops typing: each change of the filter looks through all frames. */
function Search({ rows }: { readonly rows: LogRows }) {
  const { t } = useI18n();
  const { text } = rows.filter;
  const [typed, setTyped] = useState(text);
  useEffect(() => setTyped((now) => (now.trim() === text ? now : text)), [text]);
  useEffect(() => {
    const timer = setTimeout(
      () => rows.filter.text === typed.trim() || rows.show({ text: typed.trim() }),
      SEARCH_DELAY_MS,
    );
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <label class="search">
      <Icon name="search" />
      <input
        type="search"
        id="log-search"
        aria-label={t('log.search')}
        placeholder={t('log.search')}
        spellcheck={false}
        value={typed}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
    </label>
  );
}
