/**
 * `<MessageList rows={…} />`: the rows of the log. Only the rows in sight are in the document. One row at a time can be
 * open; the rows below it move down by the height of its detail. The arrow keys, Home and End walk through the rows.
 */
import { Fragment } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../ui/button.js';
import { useI18n } from '../ui/i18n.js';
import type { LogRows } from './log-rows.js';
import { MessageDetail } from './message-detail.js';
import { MessageRow } from './message-row.js';
import { useRedraw } from './use-redraw.js';

const ROW_HEIGHT = 34;
/** Rows drawn beyond those in sight, on either side. */
const MARGIN = 8;

export function MessageList({ rows }: { readonly rows: LogRows }) {
  const { t } = useI18n();
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
  useEffect(() => {
    const { current } = scroller;
    if (current === null) return undefined;
    const observer = new ResizeObserver(() => {
      sight.current.height = current.clientHeight;
      render();
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, []);

  const onScroll = (): void => {
    const { scrollTop = 0 } = scroller.current ?? {};
    if (scrollTop === sight.current.top) return;
    // Only the person scrolls up.
    if (scrollTop < sight.current.top) follows.current = false;
    if (scrollTop + sight.current.height >= total - ROW_HEIGHT) follows.current = openAt === -1;
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
      {all.length === 0 && <Empty rows={rows} />}
    </div>
  );
}

/** The row that a button belongs to. */
function rowOf(target: EventTarget | null): number {
  return Number(target instanceof HTMLElement ? target.dataset['row'] : undefined);
}

function Empty({ rows }: { readonly rows: LogRows }) {
  const { t } = useI18n();
  const isFiltered = rows.frames.all.length > 0;
  return (
    <div class="log-empty">
      {!isFiltered && <h3>{t('log.empty.title')}</h3>}
      <p>{t(isFiltered ? 'log.none' : 'log.empty.text')}</p>
      {isFiltered && (
        <Button label={t('log.reset')} onClick={() => rows.show({ direction: 'all', type: '', text: '' })} />
      )}
    </div>
  );
}
