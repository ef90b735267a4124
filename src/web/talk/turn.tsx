import { memo } from 'preact/compat';
import { useId, useRef, useState } from 'preact/hooks';
import type { AgentClient } from '../../client/index.js';
import { useConnection, type ChatMessage, type FilePart } from '../../client/react.js';
import { Rhythm, RunMetrics } from '../frames/run-metrics.js';
import { Button } from '../ui/button.js';
import { CopyButton } from '../ui/copy-button.js';
import { useI18n, type I18n } from '../ui/i18n.js';
import { useValue } from '../ui/value.js';
import { AnswerParts } from './answer-parts.js';
import { Attached } from './attached.js';
import { Failure } from './failure.js';
import { isDropped, recording } from './link.js';
import { QuestionEditor } from './question-editor.js';
import { cancelRun, useTrack, type Track } from './tracks.js';
import { isLiveState, turnState, type TurnState } from './turn-state.js';
import { Versions } from './versions.js';

/** What a person can do with a turn. They stay the same from one rendering to the next. */
export interface TurnActions {
  readonly edit?: (questionId: string, query: string) => void;
  readonly regenerate?: (messageId: string) => void;
  /** Asks the same again. */
  readonly repeat?: (question: ChatMessage, answer: ChatMessage | undefined) => void;
  /** Reads on what was lost. */
  readonly reattach?: (runId: string) => void;
  readonly select?: (messageId: string) => void;
  readonly showFrames: (text: string) => void;
}

interface TurnProps {
  readonly client: AgentClient;
  readonly conversationId: string | undefined;
  readonly question: ChatMessage;
  readonly answer: ChatMessage | undefined;
  /** How many runs in progress stand before it. */
  readonly ahead: number;
  /** Whether the server would refuse another version now. */
  readonly isHeld: boolean;
  readonly actions: TurnActions;
}

/** A question and its answer. Only a turn whose messages changed renders again. */
export const Turn = memo(function Turn(props: TurnProps) {
  const { client, conversationId, question, answer, ahead, isHeld, actions } = props;
  const i18n = useI18n();
  const track = useTrack(answer?.runId);
  const connection = useConnection(client);
  const dropped = useValue(isDropped);
  const [isEditing, setEditing] = useState(false);
  const editButton = useRef<HTMLButtonElement>(null);
  const state = turnState(answer, track);
  const isLive = isLiveState(state);
  const isCut = isLive && state !== 'sent' && (dropped || connection.state !== 'connected');
  const { t } = i18n;
  const title = useId();
  const kind = track?.kind;
  const isStored = question.isStored && answer?.isStored !== false;
  const runId = answer?.runId ?? question.runId;
  const close = (): void => {
    setEditing(false);
    editButton.current?.focus();
  };
  return (
    <article
      class="answer"
      aria-labelledby={title}
      data-run={runId}
      data-state={state}
      data-kind={kind}
      data-cut={isCut}
    >
      <header class="ask">
        {isEditing && (
          <QuestionEditor
            question={question.content}
            onCancel={close}
            onSend={(query) => {
              close();
              actions.edit?.(question.id, query);
            }}
          />
        )}
        <h3 id={title} hidden={isEditing}>
          {question.content}
        </h3>
        <div class="ask-meta">
          <Versions of="question" message={question} isHeld={isHeld} onSelect={actions.select} />
          {track?.isOwn === false && <span>{t('answer.watched')}</span>}
          {kind !== undefined && <code>{kind}</code>}
          <Time at={question.createdAt} />
        </div>
      </header>
      <Attached client={client} conversationId={conversationId ?? ''} files={question.parts.filter(isFile)} />
      <AnswerParts parts={answer?.parts ?? []} track={track} isLive={isLive} />
      {state === 'unknown' ? (
        <p class="answer-note">{t('answer.unknown')}</p>
      ) : (
        <Failure
          error={state === 'failed' || state === 'interrupted' ? (track?.run.error ?? answer?.error) : undefined}
        />
      )}
      <footer class="answer-foot">
        {runId !== undefined && kind === 'streaming_query' && <Rhythm runs={recording.runs} runId={runId} />}
        <div class="answer-line">
          <span class="state">{isCut ? t('state.cut') : stateText(state, track, ahead, i18n)}</span>
          {track?.resumed !== undefined && !isCut && <span class="resumed">{resumedText(track.resumed, i18n)}</span>}
          {track === undefined ? <Usage answer={answer} /> : <RunMetrics runs={recording.runs} runId={track.run.id} />}
        </div>
        <div class="answer-buttons">
          {isLive && track !== undefined && (
            <Button
              icon="stop"
              isDanger
              label={t('answer.cancel')}
              disabled={track.isCancelling || isCut}
              onClick={() => cancelRun(track)}
            />
          )}
          {!isLive && (
            <>
              {answer !== undefined && (
                <Versions of="answer" message={answer} isHeld={isHeld} onSelect={actions.select} />
              )}
              <CopyButton text={() => answer?.content ?? ''} />
              {isStored && actions.edit !== undefined && (
                <Button icon="edit" label={t('answer.edit')} ref={editButton} onClick={() => setEditing(true)} />
              )}
              {isStored && actions.regenerate !== undefined && (
                <Button
                  icon="refresh"
                  label={t('answer.regenerate')}
                  onClick={() => actions.regenerate?.(answer?.id ?? question.id)}
                />
              )}
              {!isStored && actions.repeat !== undefined && (
                <Button icon="repeat" label={t('answer.repeat')} onClick={() => actions.repeat?.(question, answer)} />
              )}
              {runId !== undefined && (
                <Button icon="search" label={t('answer.showInLog')} onClick={() => actions.showFrames(runId)} />
              )}
              {state === 'lost' && actions.reattach !== undefined && runId !== undefined && (
                <Button icon="refresh" label={t('answer.reattach')} onClick={() => actions.reattach?.(runId)} />
              )}
            </>
          )}
        </div>
      </footer>
    </article>
  );
});

function Time({ at }: { readonly at: number }) {
  const date = new Date(at);
  return (
    <time datetime={date.toISOString()} title={date.toLocaleString()}>
      {date.toLocaleTimeString('en-GB')}
    </time>
  );
}

/** What the history knows of the cost of an answer. */
function Usage({ answer }: { readonly answer: ChatMessage | undefined }) {
  const { t } = useI18n();
  const { usage, finishReason, model } = answer ?? {};
  const entries = [
    ['usage', usage && `${usage.estimated ? '≈ ' : ''}${usage.inputTokens} → ${usage.outputTokens}`],
    ['cached', usage?.cachedInputTokens?.toString()],
    ['reasoning', usage?.reasoningTokens?.toString()],
    ['finish', finishReason],
    ['model', model],
  ] as const;
  return (
    <dl class="metrics">
      {entries.map(
        ([name, value]) =>
          value !== undefined && (
            <div key={name} data-metric={name}>
              <dt>{t(`metric.${name}`)}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function stateText(state: TurnState, track: Track | undefined, ahead: number, { t }: I18n): string {
  if (track?.isCancelling === true && isLiveState(state)) return t('state.cancelling');
  return state === 'queued' && ahead > 0 ? t('state.queuedAt', { count: ahead }) : t(`state.${state}`);
}

function resumedText({ after, times }: { readonly after: number; readonly times: number }, { t }: I18n): string {
  if (times > 1) return t('answer.resumedAgain', { after, times });
  return t(after === 0 ? 'answer.resumedStart' : 'answer.resumed', { after });
}

function isFile(part: ChatMessage['parts'][number]): part is FilePart {
  return part.type === 'file';
}
