import { Fragment } from 'preact';
import { memo } from 'preact/compat';
import { useEffect, useId, useState } from 'preact/hooks';
import type { DataPart, MessagePart, TextPart, ToolPart } from '../../client/react.js';
import { LIMITS } from '../../protocol/version.js';
import { Markdown } from '../markdown/markdown.js';
import { Button } from '../ui/button.js';
import { isComposing } from '../ui/field.js';
import { formatClock } from '../ui/format.js';
import { type I18n, useI18n } from '../ui/i18n.js';
import { Icon } from '../ui/icon.js';
import { Json } from '../ui/json.js';
import { useTick } from '../ui/redraw.js';
import { type Approval, type Track, decide } from './tracks.js';

const OUTCOMES: Readonly<Record<string, string>> = { done: 'good', failed: 'bad' };
/** Reports of a tool that are shown, the newest. */
const MAX_REPORTS = 20;

interface AnswerPartsProps {
  readonly parts: readonly MessagePart[];
  readonly track: Track | undefined;
  readonly isLive: boolean;
}

/** What was thought, said and called, in order. */
export function AnswerParts({ parts, track, isLive }: AnswerPartsProps) {
  const last = parts.at(-1);
  return (
    <div class="answer-body stack">
      {parts.map((part) => {
        const isOpen = isLive && part === last;
        if (part.type === 'text') return <Text key={part.id} part={part} isOpen={isOpen} />;
        if (part.type === 'reasoning') return <Reasoning key={part.id} part={part} isOpen={isOpen} />;
        if (part.type !== 'tool') return null;
        const mine = (each: { readonly toolCallId: string }): boolean => each.toolCallId === part.toolCallId;
        const approval = track?.approvals.find(mine);
        return (
          <Fragment key={part.id}>
            <Tool part={part} reports={parts.filter((each): each is DataPart => each.type === 'data' && mine(each))} />
            {track !== undefined && approval !== undefined && <ApprovalCard track={track} approval={approval} />}
          </Fragment>
        );
      })}
    </div>
  );
}

const Text = memo(function Text({ part, isOpen }: { readonly part: TextPart; readonly isOpen: boolean }) {
  return <Markdown text={part.text} streaming={isOpen} />;
});

/** What the model thinks aloud: open while it is all there is, closed once the answer begins. */
const Reasoning = memo(function Reasoning({ part, isOpen }: { readonly part: TextPart; readonly isOpen: boolean }) {
  const { t } = useI18n();
  const [isShown, setShown] = useState(isOpen);
  useEffect(() => setShown(isOpen), [isOpen]);
  return (
    <details class="reasoning" open={isShown} onToggle={({ currentTarget }) => setShown(currentTarget.open)}>
      <summary class="line small muted">
        <Icon name="thought" />
        <span>{t('answer.reasoning')}</span>
      </summary>
      <div class="reasoning-text small soft">{part.text}</div>
    </details>
  );
});

function Tool({ part, reports }: { readonly part: ToolPart; readonly reports: readonly DataPart[] }) {
  const { t } = useI18n();
  const { toolName, params, state, result, error } = part;
  const hasReports = reports.length > 0;
  const [isOpen, setOpen] = useState(hasReports);
  // What a tool tells before it is done is worth a look.
  useEffect(() => (hasReports ? setOpen(true) : undefined), [hasReports]);
  const isOver = state === 'done' || state === 'failed';
  const outcome = state === 'failed' ? error : result;
  const working = state === 'waiting_approval' ? 'tool.waiting' : 'tool.running';
  return (
    <details
      class="tool card"
      data-state={state}
      open={isOpen}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary class="line small">
        <Icon name="tool" />
        <b class="tool-name mono">{toolName}</b>
        <code class="tool-params tiny muted ellipsis">{brief(params)}</code>
        <b class="tool-outcome mono grow ellipsis right toned" data-tone={OUTCOMES[state] ?? 'warn'}>
          {isOver ? brief(outcome) : t(working)}
        </b>
      </summary>
      <div class="tool-body">
        <p class="tiny muted">{t('tool.params')}</p>
        <Json value={params} />
        {hasReports && <p class="tiny muted">{t('tool.reports')}</p>}
        {reports.slice(-MAX_REPORTS).map(({ id, data }) => (
          <Json key={id} value={data} />
        ))}
        {isOver && <p class="tiny muted">{t(`tool.${state}`)}</p>}
        {isOver && <Json value={outcome} />}
      </div>
    </details>
  );
}

/** A value on one line. */
function brief(value: unknown): string {
  const text = value === undefined ? '' : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

const TICK_MS = 250;
const VERDICTS = { open: 'warn', approved: 'good', refused: 'bad' } as const;

/** The question whether a tool may run: what would run, how long there is, and the two answers. */
function ApprovalCard({ track, approval }: { readonly track: Track; readonly approval: Approval }) {
  const i18n = useI18n();
  const { t } = i18n;
  const id = useId();
  const [reason, setReason] = useState('');
  const { toolCallId, toolName, params, decision, sent, expiresAt } = approval;
  const state = decision === undefined ? 'open' : decision.approved ? 'approved' : 'refused';
  const isOpen = state === 'open';
  useTick(TICK_MS, isOpen);
  const seconds = Math.max(0, Math.ceil((expiresAt - performance.now()) / 1000));
  const choose = (approved: boolean): void => decide(track, toolCallId, approved, approved ? '' : reason.trim());
  const control = { disabled: sent !== undefined };
  return (
    <section class="approval card" aria-labelledby={id} data-state={state} data-tone={VERDICTS[state]}>
      <header class="line">
        <span class="line toned">
          <Icon name="question" />
        </span>
        <h4 class="grow" id={id}>
          {t('approval.question')} <code>{toolName}</code>
        </h4>
        {isOpen && <b class="tiny toned">{t('approval.clock', { time: formatClock(seconds) })}</b>}
      </header>
      <Json value={params} />
      {isOpen ? (
        <div class="line wrap">
          <Button {...control} kind="primary" icon="check" label={t('approval.approve')} onClick={() => choose(true)} />
          <input
            {...control}
            type="text"
            maxLength={LIMITS.reasonLength}
            autocomplete="off"
            placeholder={t('approval.reason')}
            aria-label={t('approval.reason')}
            value={reason}
            onInput={({ currentTarget }) => setReason(currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && !isComposing(event)) choose(false);
            }}
          />
          <Button
            {...control}
            kind="button"
            isDanger
            icon="close"
            label={t('approval.refuse')}
            onClick={() => choose(false)}
          />
        </div>
      ) : (
        <p class="approval-verdict small toned">{verdict(approval, i18n)}</p>
      )}
    </section>
  );
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
