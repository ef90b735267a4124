import type { ApprovalPiece, Piece, ToolPiece } from './answer-piece.js';
import { approvalView } from './approval-view.js';
import { el, icon, setText } from './dom.js';
import type { DrawnPiece } from './drawn-piece.js';
import type { I18n } from './i18n.js';
import { jsonView } from './json-view.js';
import { MarkdownView } from './markdown.js';

/** Reports of a tool that are shown, the newest. */
const MAX_REPORTS = 20;

/** `decide`: what to do where the person decides about a tool call. */
export function createPieceView(
  piece: Piece,
  i18n: I18n,
  decide: (approval: ApprovalPiece, approved: boolean, reason: string) => void,
): DrawnPiece {
  if (piece.kind === 'tool') return toolView(piece, i18n);
  if (piece.kind === 'approval') {
    return approvalView(piece, i18n, (approved, reason) => decide(piece, approved, reason));
  }
  return piece.kind === 'text' ? textView(piece) : reasoningView(piece);
}

function textView(piece: { readonly text: string }): DrawnPiece {
  const view = new MarkdownView();
  let shown = 0;
  return {
    element: view.element,
    update: () => {
      if (shown === piece.text.length) return;
      view.append(piece.text.slice(shown));
      shown = piece.text.length;
    },
  };
}

/** What the model thinks aloud: open while it is all there is, closed once the answer begins. */
function reasoningView(piece: { readonly text: string }): DrawnPiece {
  const text = document.createTextNode('');
  const element = el(
    'details',
    { class: 'reasoning', open: true },
    el('summary', {}, icon('thought'), el('span', { 'data-t': 'answer.reasoning' })),
    el('div', { class: 'reasoning-text' }, text),
  );
  let wasLast = true;
  return {
    element,
    update: (isLast) => {
      if (text.length < piece.text.length) text.appendData(piece.text.slice(text.length));
      if (wasLast && !isLast) element.open = false;
      wasLast = isLast;
    },
  };
}

function toolView(piece: ToolPiece, i18n: I18n): DrawnPiece {
  const outcome = el('span', { class: 'tool-outcome' });
  const body = el('div', { class: 'tool-body' });
  const element = el(
    'details',
    { class: 'tool' },
    el(
      'summary',
      {},
      icon('tool'),
      el('span', { class: 'tool-name' }, piece.name),
      el('code', { class: 'tool-params' }, brief(piece.params)),
      outcome,
    ),
    body,
  );
  let drawn = '';
  let drawnReports = 0;
  return {
    element,
    update: () => {
      const { state, reports } = piece;
      element.dataset['state'] = state;
      // What a tool tells before it is done is worth a look.
      if (drawnReports === 0 && reports.length > 0) element.open = true;
      drawnReports = reports.length;
      const isOver = state === 'done' || state === 'failed';
      setText(outcome, isOver ? brief(piece.outcome) : i18n.t(`tool.${state}`));
      const key = `${state} ${i18n.language} ${reports.length}`;
      if (key === drawn) return;
      drawn = key;
      body.replaceChildren(
        el('p', { class: 'tool-caption' }, i18n.t('tool.params')),
        jsonView(piece.params),
        ...(reports.length > 0 ? [el('p', { class: 'tool-caption' }, i18n.t('tool.reports'))] : []),
        ...reports.slice(-MAX_REPORTS).map(jsonView),
        ...(isOver ? [el('p', { class: 'tool-caption' }, i18n.t(`tool.${state}`)), jsonView(piece.outcome)] : []),
      );
    },
  };
}

/** A value on one line. */
function brief(value: unknown): string {
  const text = value === undefined ? '' : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
