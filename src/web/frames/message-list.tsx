import { Fragment } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Button } from '../ui/button.js';
import { CopyButton } from '../ui/copy-button.js';
import { formatBytes, formatOffset } from '../ui/format.js';
import { useI18n } from '../ui/i18n.js';
import { Tag } from '../ui/facts.js';
import { Icon } from '../ui/icon.js';
import { Json } from '../ui/json.js';
import { type Frame, parseMessage, textOf } from './frames.js';
import type { Row } from './log-rows.js';
import { recording } from './recording.js';
import { useRedraw, useSize } from '../ui/redraw.js';

const ROW_HEIGHT = 34;
/** Rows drawn beyond those in sight, on either side. */
const MARGIN = 8;

/**
 * The rows of the log. Only the rows in sight are in the document. One row at a time can be
 * open; the rows below it move down by the height of its detail. The arrow keys, Home and End walk through the rows.
 */
export function MessageList() {
  const { t } = useI18n();
  const { rows } = recording;
  const render = useRedraw(rows.changed.on);
  const scroller = useRef<HTMLDivElement>(null);
  /** What is in sight, in pixels. Measured by events: to read it while rendering makes the browser lay the page out. */
  const sight = useRef({ top: 0, height: 0 });
  /** Whether the newest row stays in sight. */
  const follows = useRef(true);
  /** The row that has the focus, and whether the focus still has to go there. */
  const focus = useRef<{ id: number; isPending: boolean } | undefined>(undefined);
  const [openId, setOpenId] = useState<number>();
  const [detailHeight, setDetailHeight] = useState(0);

  const { all } = rows;
  const placeOf = (id: number | undefined): number => (id === undefined ? -1 : all.findIndex((row) => row.id === id));
  const openAt = placeOf(openId);
  const extra = openAt === -1 ? 0 : detailHeight;
  const total = all.length * ROW_HEIGHT + extra;
  const yOf = (index: number): number => index * ROW_HEIGHT + (openAt !== -1 && index > openAt ? extra : 0);
  const focusAt = placeOf(focus.current?.id);
  if (focusAt === -1) focus.current = undefined;
  const isFollowing = follows.current && focusAt === -1;
  const top = isFollowing ? Math.max(0, total - sight.current.height) : sight.current.top;
  const first = Math.max(0, Math.floor((top - extra) / ROW_HEIGHT) - MARGIN);
  const last = Math.min(all.length - 1, Math.ceil((top + sight.current.height) / ROW_HEIGHT) + MARGIN);
  const inSight = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  // A row that leaves the document loses the focus, and its detail what is open in it.
  const shown = new Set([...inSight, openAt, focusAt]);

  const scrollTo = (y: number): void => {
    sight.current.top = y;
    if (scroller.current !== null) scroller.current.scrollTop = y;
  };
  useLayoutEffect(() => {
    if (isFollowing && top !== sight.current.top) scrollTo(top);
    if (focus.current?.isPending !== true) return;
    focus.current.isPending = false;
    const row = scroller.current?.querySelector(`[data-row="${focus.current.id}"]`);
    if (row instanceof HTMLElement) row.focus({ preventScroll: true });
  });
  useSize(scroller, (_, height) => {
    sight.current.height = height;
    render();
  });

  const onScroll = (): void => {
    const { scrollTop = 0 } = scroller.current ?? {};
    if (scrollTop === sight.current.top) return;
    const isUp = scrollTop < sight.current.top;
    const left = total - sight.current.height - scrollTop;
    // Only the person scrolls up.
    if (isUp && left > 1) follows.current = false;
    if (!isUp && left <= ROW_HEIGHT) follows.current = openAt === -1;
    sight.current.top = scrollTop;
    render();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = placeOf(rowOf(event.target));
    if (at === -1) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    const row = to === undefined ? undefined : all[to];
    if (to === undefined || row === undefined) return;
    event.preventDefault();
    focus.current = { id: row.id, isPending: true };
    const { top, height } = sight.current;
    scrollTo(Math.max(Math.min(top, yOf(to)), yOf(to) + ROW_HEIGHT - height));
    render();
  };
  const find = (text: string): void => {
    setOpenId(undefined);
    rows.show({ text });
    document.getElementById('log-search')?.focus();
  };

  return (
    <div class="log-scroll" id="log-scroll" ref={scroller} onScroll={onScroll} onKeyDown={onKeyDown}>
      <div
        class="log-rows"
        id="log-rows"
        role="list"
        aria-label={t('log.list')}
        style={{ height: total }}
        onFocusIn={({ target }) => (focus.current = { id: rowOf(target), isPending: false })}
        onFocusOut={({ target }) => {
          if (rowOf(target) === focus.current?.id) focus.current = undefined;
        }}
      >
        {[...shown]
          .sort((a, b) => a - b)
          .map((index) => {
            const row = all[index];
            if (row === undefined) return null;
            const { id } = row;
            return (
              <Fragment key={id}>
                <MessageRow
                  row={row}
                  index={index}
                  total={all.length}
                  y={yOf(index)}
                  isOpen={id === openId}
                  onToggle={() => {
                    setOpenId(id === openId ? undefined : id);
                    follows.current = false;
                  }}
                />
                {id === openId && (
                  <MessageDetail row={row} y={yOf(index) + ROW_HEIGHT} onFind={find} onHeight={setDetailHeight} />
                )}
              </Fragment>
            );
          })}
      </div>
      {all.length === 0 && <Empty />}
    </div>
  );
}

/** The row that a button belongs to. */
function rowOf(target: EventTarget | null): number {
  return Number(target instanceof HTMLElement ? target.dataset['row'] : undefined);
}

function Empty() {
  const { t } = useI18n();
  const { rows } = recording;
  const isFiltered = rows.frames.all.length > 0;
  return (
    <div class="log-empty small muted">
      {!isFiltered && <h3>{t('log.empty.title')}</h3>}
      <p>{t(isFiltered ? 'log.none' : 'log.empty.text')}</p>
      {isFiltered && (
        <Button label={t('log.reset')} onClick={() => rows.show({ direction: 'all', type: '', text: '' })} />
      )}
    </div>
  );
}

interface MessageRowProps {
  readonly row: Row;
  /** Its place among all rows, from 0. */
  readonly index: number;
  readonly total: number;
  /** Its distance from the top, in pixels. */
  readonly y: number;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

const MAX_PREVIEW = 160;
/** A longer frame is not parsed for one line. */
const MAX_PARSED = 20_000;
const TONES = { in: 'good', out: 'out', local: 'plain' } as const;
const ICONS = { in: 'down', out: 'up', local: 'dot' } as const;
/** Fields that say where a message belongs. */
const FRAMING: ReadonlySet<string> = new Set(['type', 'timestamp', 'run_id', 'seq', 'request_id']);
/** Fields whose name is not shown. */
const PROSE: ReadonlySet<string> = new Set(['content', 'query', 'error', 'message', 'tool_name']);
const WARNINGS: ReadonlySet<string> = new Set(['cancelled', 'going_away', 'close', 'approval_request']);

/** One row of the log, a button that opens its detail. */
function MessageRow({ row, index, total, y, isOpen, onToggle }: MessageRowProps) {
  const { t } = useI18n();
  const { first, frames } = row;
  const newest = frames.at(-1) ?? first;
  const preview = useMemo(() => previewOf(newest), [newest]);
  return (
    <div
      class="row"
      role="listitem"
      aria-posinset={index + 1}
      aria-setsize={total}
      data-direction={first.direction}
      data-tone={toneOf(first)}
      style={{ transform: `translateY(${y}px)` }}
    >
      <button type="button" class="row-button tiny" aria-expanded={isOpen} data-row={row.id} onClick={onToggle}>
        <span class="row-way line toned" title={t(`direction.${first.direction}`)}>
          <Icon name={ICONS[first.direction]} />
          <span class="visually-hidden">{t(`direction.${first.direction}`)}</span>
        </span>
        <span class="row-type mono toned">{first.type}</span>
        <span>
          {first.source === 'plain' && <Tag tone="warn">{t('protocol.coreShort')}</Tag>}
          {first.source.length === 1 && <Tag tone="plain">{first.source}</Tag>}
          {frames.length > 1 && <Tag tone="good">{t('log.folded', { count: frames.length })}</Tag>}
        </span>
        <span class="mono muted ellipsis">{preview}</span>
        <span class="muted">{formatBytes(row.bytes)}</span>
        <span class="muted right">{formatOffset(first.at)}</span>
      </button>
    </div>
  );
}

function toneOf({ type, direction }: Frame): string {
  if (type === 'error') return 'bad';
  return WARNINGS.has(type) ? 'warn' : TONES[direction];
}

/** What a message says, on one line; of one that only says where it belongs, its run. */
function previewOf({ text, runId }: Frame): string {
  const message = text.length > MAX_PARSED ? undefined : parseMessage(text);
  if (message === undefined) return text.slice(0, MAX_PREVIEW);
  const said = Object.entries(message)
    .filter(([key, value]) => !FRAMING.has(key) && value !== '')
    .map(([key, value]) => {
      const brief = typeof value === 'string' ? value.replace(/\s+/g, ' ') : JSON.stringify(value);
      return PROSE.has(key) ? brief : `${key} ${brief}`;
    });
  return (said.join(' · ') || (runId ?? '')).slice(0, MAX_PREVIEW);
}

interface MessageDetailProps {
  readonly row: Row;
  /** Its distance from the top, in pixels. */
  readonly y: number;
  /** Lists the frames that hold a text. */
  readonly onFind: (text: string) => void;
  /** Its height changed, in pixels. */
  readonly onHeight: (height: number) => void;
}

/** So much of a long text is shown; the copy has all of it. */
const MAX_SHOWN = 100_000;
/** Raw frames listed under a folded row. */
const MAX_LISTED = 200;

/** The whole message of an open row, as it was when the row was opened. */
function MessageDetail({ row, y, onFind, onHeight }: MessageDetailProps) {
  const { t } = useI18n();
  const element = useRef<HTMLDivElement>(null);
  const [{ texts, joined, tree }] = useState(() => contentsOf(row));
  const { runId, time } = row.first;
  useSize(element, (_, height) => onHeight(height));
  return (
    <div
      ref={element}
      class="detail"
      role="group"
      aria-label={t('log.detail')}
      style={{ transform: `translateY(${y}px)` }}
    >
      <div class="line wrap">
        <span class="grow tiny muted">{`${new Date(time).toISOString()} · ${formatBytes(row.bytes)}`}</span>
        {runId !== undefined && <Button icon="search" label={t('log.onlyRun')} onClick={() => onFind(runId)} />}
        <CopyButton text={() => row.frames.map(({ text }) => text).join('\n')} />
      </div>
      {tree}
      {texts.length > 1 && (
        <>
          <p class="tiny muted">{t('log.joined', { count: texts.length })}</p>
          <Raw text={joined} />
          <details>
            <summary class="tiny muted">{t('log.rawFrames', { count: Math.min(texts.length, MAX_LISTED) })}</summary>
            <Raw text={texts.slice(-MAX_LISTED).join('\n')} />
          </details>
        </>
      )}
    </div>
  );
}

/** Made once: more chunks may join the row many times a second. */
function contentsOf({ frames, first }: Row) {
  const texts = frames.map(({ text }) => text);
  const message = parseMessage(first.text);
  const single = message === undefined ? <Raw text={first.text} /> : <Json value={message} />;
  return {
    texts,
    joined: texts.map((text) => textOf(parseMessage(text), 'content') ?? '').join(''),
    tree: texts.length === 1 ? single : undefined,
  };
}

function Raw({ text }: { readonly text: string }) {
  const rest = text.length - MAX_SHOWN;
  return (
    <pre class="raw" tabIndex={0}>
      {rest > 0 ? `${text.slice(0, MAX_SHOWN)}… (+${rest})` : text}
    </pre>
  );
}
