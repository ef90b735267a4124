import { Fragment } from 'preact';
import { memo } from 'preact/compat';
import { useEffect, useState } from 'preact/hooks';
import type { DataPart, MessagePart, TextPart, ToolPart } from '../../client/react.js';
import { Markdown } from '../markdown/markdown.js';
import { useI18n } from '../ui/i18n.js';
import { Icon } from '../ui/icon.js';
import { Json } from '../ui/json.js';
import { ApprovalCard } from './approval-card.js';
import type { Track } from './tracks.js';

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
    <div class="answer-body">
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
      <summary>
        <Icon name="thought" />
        <span>{t('answer.reasoning')}</span>
      </summary>
      <div class="reasoning-text">{part.text}</div>
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
      class="tool"
      data-state={state}
      open={isOpen}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary>
        <Icon name="tool" />
        <span class="tool-name">{toolName}</span>
        <code class="tool-params">{brief(params)}</code>
        <span class="tool-outcome">{isOver ? brief(outcome) : t(working)}</span>
      </summary>
      <div class="tool-body">
        <p class="caption">{t('tool.params')}</p>
        <Json value={params} />
        {hasReports && <p class="caption">{t('tool.reports')}</p>}
        {reports.slice(-MAX_REPORTS).map(({ id, data }) => (
          <Json key={id} value={data} />
        ))}
        {isOver && <p class="caption">{t(`tool.${state}`)}</p>}
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
