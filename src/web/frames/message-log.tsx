/** `<MessageLog />`: every frame of the page, with a filter. `recording.rows.show({ text })` filters it. */
import { useEffect, useState } from 'preact/hooks';
import { Button } from '../ui/button.js';
import { Check, SearchField, Select } from '../ui/field.js';
import { useI18n } from '../ui/i18n.js';
import type { LogFilter } from './log-rows.js';
import { MessageList } from './message-list.js';
import { recording } from './recording.js';
import { useRedraw } from '../ui/redraw.js';

const SEARCH_DELAY_MS = 120;

export function MessageLog() {
  const { t } = useI18n();
  const { rows, frames } = recording;
  const { filter } = rows;
  useRedraw(rows.changed.on);
  const directions = (['in', 'out', 'local'] as const).map((name) => [name, t(`direction.${name}`)] as const);
  const choices = {
    direction: [['all', t('log.direction.all')] as const, ...directions],
    type: [['', t('log.type.all')] as const, ...rows.types],
  };
  return (
    <section class="log stack grow" id="log" aria-labelledby="log-title" tabIndex={-1}>
      <div class="section-head line">
        <h2 id="log-title">{t('view.log')}</h2>
        <span class="tiny muted" id="log-count">
          {t('log.count', { shown: rows.all.length, total: frames.all.length })}{' '}
          {frames.droppedCount > 0 && t('log.dropped', { count: frames.droppedCount })}
        </span>
        <Button icon="trash" label={t('clear')} id="log-clear" onClick={() => frames.clear()} />
      </div>
      <div class="filters line wrap" role="search">
        <Search />
        {(['direction', 'type'] as const).map((name) => (
          <Select
            key={name}
            id={`log-${name}`}
            aria-label={t(`log.${name}`)}
            value={filter[name]}
            options={choices[name]}
            onPick={(value) => rows.show({ [name]: value as LogFilter['direction'] })}
          />
        ))}
        {(['fold', 'probes'] as const).map((name) => (
          <Check
            key={name}
            label={t(`log.${name}`)}
            checked={filter[name]}
            onCheck={(isOn) => rows.show({ [name]: isOn })}
          />
        ))}
      </div>
      <MessageList />
    </section>
  );
}

/** Waits until the person stops typing: each change of the filter looks through all frames. */
function Search() {
  const { t } = useI18n();
  const { rows } = recording;
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
  return <SearchField id="log-search" label={t('log.search')} value={typed} onText={setTyped} />;
}
