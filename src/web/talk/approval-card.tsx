import { useEffect, useId, useReducer, useRef, useState } from 'preact/hooks';
import { LIMITS } from '../../protocol/version.js';
import { Button } from '../ui/button.js';
import { formatClock } from '../ui/format.js';
import { useI18n, type I18n } from '../ui/i18n.js';
import { Icon } from '../ui/icon.js';
import { Json } from '../ui/json.js';
import { decide, type Approval, type Track } from './tracks.js';

const TICK_MS = 250;

/** The question whether a tool may run: what would run, how long there is, and the two answers. */
export function ApprovalCard({ track, approval }: { readonly track: Track; readonly approval: Approval }) {
  const i18n = useI18n();
  const { t } = i18n;
  const id = useId();
  const card = useRef<HTMLElement>(null);
  const [reason, setReason] = useState('');
  const { toolCallId, toolName, params, decision, sent } = approval;
  const isOpen = decision === undefined;
  const seconds = useSecondsLeft(approval.expiresAt, isOpen);
  const isSent = sent !== undefined;
  const choose = (approved: boolean): void => {
    // Who decides by keyboard is not thrown back to the top of the page.
    card.current?.focus();
    void decide(track, toolCallId, approved, approved ? '' : reason.trim());
  };
  return (
    <section
      ref={card}
      class="approval"
      aria-labelledby={id}
      tabIndex={-1}
      data-state={isOpen ? 'open' : decision.approved ? 'approved' : 'refused'}
    >
      <header>
        <Icon name="question" />
        <h4 id={id}>
          {t('approval.question')} <code>{toolName}</code>
        </h4>
        {isOpen && <span class="approval-clock">{t('approval.clock', { time: formatClock(seconds) })}</span>}
      </header>
      <Json value={params} />
      {isOpen ? (
        <div class="approval-controls">
          <Button
            kind="primary"
            icon="check"
            label={t('approval.approve')}
            disabled={isSent}
            onClick={() => choose(true)}
          />
          <input
            type="text"
            maxLength={LIMITS.reasonLength}
            autocomplete="off"
            placeholder={t('approval.reason')}
            aria-label={t('approval.reason')}
            value={reason}
            disabled={isSent}
            onInput={({ currentTarget }) => setReason(currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && !event.isComposing) choose(false);
            }}
          />
          <Button
            kind="button"
            isDanger
            icon="close"
            label={t('approval.refuse')}
            disabled={isSent}
            onClick={() => choose(false)}
          />
        </div>
      ) : (
        <p class="approval-verdict">{verdict(approval, i18n)}</p>
      )}
    </section>
  );
}

function useSecondsLeft(expiresAt: number, isOpen: boolean): number {
  const [, tick] = useReducer<number, undefined>((count) => count + 1, 0);
  useEffect(() => {
    if (!isOpen) return undefined;
    const timer = setInterval(() => tick(undefined), TICK_MS);
    return () => clearInterval(timer);
  }, [isOpen]);
  return Math.max(0, Math.ceil((expiresAt - performance.now()) / 1000));
}

function verdict({ decision, sent }: Approval, { t }: I18n): string {
  if (decision === undefined) return '';
  const { approved, by, reason = '' } = decision;
  const said =
    by === 'expiry'
      ? [t('approval.expired')]
      : by === 'cancel'
        ? [t('approval.cancelled')]
        : [t(approved ? 'approval.approved' : 'approval.refused'), sent === approved ? '' : t('approval.elsewhere')];
  return [...said, reason === '' ? '' : t('approval.because', { reason })].filter((part) => part !== '').join(' ');
}
