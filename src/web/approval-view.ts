import { LIMITS } from '../protocol/version.js';
import type { ApprovalPiece } from './answer-piece.js';
import { el, icon, setText } from './dom.js';
import { formatClock } from './format.js';
import type { I18n } from './i18n.js';
import type { TextKey } from './locale/texts.js';
import { jsonView } from './json-view.js';
import type { DrawnPiece } from './drawn-piece.js';

let nextId = 1;

/** The question whether a tool may run: what would run, how long there is, and the two answers. */
export function approvalView(
  approval: ApprovalPiece,
  i18n: I18n,
  decide: (approved: boolean, reason: string) => void,
): DrawnPiece {
  const id = `approval-${nextId++}`;
  const clock = el('span', { class: 'approval-clock' });
  const verdict = el('p', { class: 'approval-verdict', hidden: true });
  const reason = el('input', {
    type: 'text',
    maxlength: LIMITS.reasonLength,
    autocomplete: 'off',
    'data-t-placeholder': 'approval.reason',
    'data-t-label': 'approval.reason',
  });
  const approve = choice('check', 'approval.approve', 'primary', () => decide(true, ''));
  const refuse = choice('close', 'approval.refuse', 'danger', () => decide(false, reason.value.trim()));
  const controls = el('div', { class: 'approval-controls' }, approve, reason, refuse);
  reason.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.isComposing) refuse.click();
  });
  const element = el(
    'section',
    { class: 'approval', 'aria-labelledby': id, tabindex: '-1' },
    el(
      'header',
      {},
      icon('question'),
      el('h4', { id }, el('span', { 'data-t': 'approval.question' }), ' ', el('code', {}, approval.name)),
      clock,
    ),
    jsonView(approval.params),
    controls,
    verdict,
  );
  return {
    element,
    update: () => {
      const { decision, sent } = approval;
      const isOpen = decision === undefined;
      element.dataset['state'] = isOpen ? 'open' : decision.approved ? 'approved' : 'refused';
      const seconds = Math.max(0, Math.ceil((approval.expiresAt - performance.now()) / 1000));
      setText(clock, isOpen ? i18n.t('approval.clock', { time: formatClock(seconds) }) : '');
      const isOver = !isOpen || sent !== undefined;
      // Who decided by keyboard is not thrown back to the top of the page.
      if (isOver && controls.contains(document.activeElement)) element.focus();
      approve.disabled = refuse.disabled = reason.disabled = isOver;
      controls.hidden = !isOpen;
      verdict.hidden = isOpen;
      setText(verdict, verdictText(approval, i18n));
    },
  };
}

function verdictText({ decision, sent }: ApprovalPiece, i18n: I18n): string {
  if (decision === undefined) return '';
  const { approved, by, reason } = decision;
  const texts: TextKey[] = [];
  if (by === 'expiry') texts.push('approval.expired');
  else if (by === 'cancel') texts.push('approval.cancelled');
  else texts.push(approved ? 'approval.approved' : 'approval.refused');
  if (by === 'principal' && sent !== approved) texts.push('approval.elsewhere');
  const said = texts.map((key) => i18n.t(key)).join(' ');
  return reason === undefined || reason === '' ? said : `${said} ${i18n.t('approval.because', { reason })}`;
}

function choice(iconName: string, key: TextKey, tone: string, onClick: () => void): HTMLButtonElement {
  const button = el(
    'button',
    { type: 'button', class: `button ${tone}` },
    icon(iconName),
    el('span', { 'data-t': key }),
  );
  button.addEventListener('click', onClick);
  return button;
}
