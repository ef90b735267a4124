import { el, icon, setText } from './dom.js';
import { formatBytes, formatOffset } from './format.js';
import { parseMessage, type Frame } from './frames.js';
import type { I18n } from './i18n.js';
import type { Row } from './log-rows.js';

const MAX_PREVIEW = 160;
/** A frame above this is not worth parsing for one line. */
const MAX_PARSED = 20_000;
const ICONS = { in: 'down', out: 'up', local: 'dot' } as const;

/** One row of the log. */
export function messageRow(row: Row, begin: number, i18n: I18n): HTMLElement {
  const frame = row.frames[0] ?? newest(row);
  const button = el(
    'button',
    { type: 'button', class: 'row-button', 'aria-expanded': 'false' },
    el('span', { class: 'row-way', title: i18n.t(`direction.${frame.direction}`) }, icon(ICONS[frame.direction])),
    el('span', { class: 'visually-hidden' }, i18n.t(`direction.${frame.direction}`)),
    el('span', { class: 'row-type' }, frame.type),
    el('span', { class: 'row-count' }),
    el('span', { class: 'row-preview' }),
    el('span', { class: 'row-size' }),
    el('span', { class: 'row-time' }, formatOffset(frame.at - begin)),
  );
  const element = el(
    'div',
    { class: 'row', role: 'listitem', 'data-direction': frame.direction, 'data-tone': tone(frame) },
    button,
  );
  updateMessageRow(element, row, i18n);
  return element;
}

/** Brings a row up to date: more chunks may have joined it. */
export function updateMessageRow(element: HTMLElement, row: Row, i18n: I18n): void {
  const shown = String(row.frames.length);
  if (element.dataset['frames'] === shown) return;
  element.dataset['frames'] = shown;
  const count = element.querySelector('.row-count');
  const preview = element.querySelector('.row-preview');
  const size = element.querySelector('.row-size');
  if (count !== null) setText(count, row.frames.length > 1 ? i18n.t('log.folded', { count: row.frames.length }) : '');
  if (preview !== null) setText(preview, previewOf(newest(row)));
  if (size !== null) setText(size, formatBytes(row.bytes));
}

function newest(row: Row): Frame {
  const frame = row.frames.at(-1);
  if (frame === undefined) throw new Error('A row has at least one frame');
  return frame;
}

/** Fields that say where a message belongs rather than what it says. */
const FRAMING: ReadonlySet<string> = new Set(['type', 'timestamp', 'run_id', 'seq', 'request_id']);

/** What the message says, on one line. */
function previewOf({ text }: Frame): string {
  const message = text.length > MAX_PARSED ? undefined : parseMessage(text);
  if (message === undefined) return text.slice(0, MAX_PREVIEW);
  const said = Object.entries(message).filter(([key, value]) => !FRAMING.has(key) && value !== '');
  // A message that only says where it belongs is told by that.
  const shown = said.length > 0 ? said : Object.entries(message).filter(([key]) => key === 'run_id');
  return shown
    .map(([key, value]) => (PROSE.has(key) ? String(value).replace(/\s+/g, ' ') : `${key} ${brief(value)}`))
    .join(' · ')
    .slice(0, MAX_PREVIEW);
}

/** Fields whose text speaks for itself. */
const PROSE: ReadonlySet<string> = new Set(['content', 'query', 'error', 'message', 'tool_name']);

function brief(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const WARNING: ReadonlySet<string> = new Set(['cancelled', 'going_away', 'close', 'approval_request']);

function tone(frame: Frame): string {
  if (frame.type === 'error') return 'bad';
  if (WARNING.has(frame.type)) return 'warn';
  return 'plain';
}
