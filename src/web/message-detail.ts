import { copyButton } from './copy-button.js';
import { el, icon } from './dom.js';
import { formatBytes } from './format.js';
import { parseMessage, type Frame } from './frames.js';
import type { I18n } from './i18n.js';
import { jsonView } from './json-view.js';
import type { Row } from './log-rows.js';

/** Raw frames listed under a folded row. */
const MAX_LISTED = 200;

/** What an open row shows: the JSON as a tree, when and how large, and what to do with it. */
export function messageDetail(row: Row, i18n: I18n, find: (text: string) => void): HTMLElement {
  const [first] = row.frames;
  const element = el('div', { class: 'detail', role: 'group', 'aria-label': i18n.t('log.detail') });
  if (first === undefined) return element;
  const { runId } = first;
  const onlyRun =
    runId === undefined
      ? null
      : el('button', { type: 'button', class: 'small-button' }, icon('search'), i18n.t('log.onlyRun'));
  onlyRun?.addEventListener('click', () => find(runId ?? ''));
  element.append(
    el(
      'div',
      { class: 'detail-head' },
      el('span', { class: 'detail-meta' }, `${new Date(first.time).toISOString()} · ${formatBytes(row.bytes)}`),
      onlyRun,
      copyButton(i18n, () => row.frames.map((frame) => frame.text).join('\n')),
    ),
    row.frames.length === 1 ? single(first) : folded(row, i18n),
  );
  return element;
}

function single(frame: Frame): HTMLElement {
  const message = parseMessage(frame.text);
  return message === undefined ? el('pre', { class: 'raw', tabindex: '0' }, frame.text) : jsonView(message);
}

function folded(row: Row, i18n: I18n): HTMLElement {
  const text = row.frames.map(contentOf).join('');
  const listed = row.frames.slice(-MAX_LISTED);
  return el(
    'div',
    {},
    el('p', { class: 'detail-caption' }, i18n.t('log.joined', { count: row.frames.length })),
    el('pre', { class: 'raw', tabindex: '0' }, text),
    el(
      'details',
      {},
      el('summary', {}, i18n.t('log.rawFrames', { count: listed.length })),
      el('pre', { class: 'raw', tabindex: '0' }, listed.map((frame) => frame.text).join('\n')),
    ),
  );
}

function contentOf(frame: Frame): string {
  const content = parseMessage(frame.text)?.['content'];
  return typeof content === 'string' ? content : '';
}
