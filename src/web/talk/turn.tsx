import type { ComponentChildren } from 'preact';
import { memo } from 'preact/compat';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type ChatMessage, useConnection } from '../../client/react.js';
import { Rhythm, RunMetrics } from '../frames/run-metrics.js';
import { showFrames, useClient } from '../page.js';
import { Button } from '../ui/button.js';
import { CopyButton } from '../ui/copy-button.js';
import { Tag } from '../ui/facts.js';
import { Form, isComposing } from '../ui/field.js';
import { formatMs } from '../ui/format.js';
import { type I18n, useI18n } from '../ui/i18n.js';
import { Time } from '../ui/time.js';
import { useValue } from '../ui/signal.js';
import { AnswerParts } from './answer-parts.js';
import { edit, regenerate, repeat, select } from './ask.js';
import { Attached } from './attachments.js';
import { Failure } from './failure.js';
import { isDropped } from './link.js';
import { type LooseRun, askLoose, readLoose } from './loose.js';
import { type Track, cancelRun, useTrack } from './tracks.js';
import { type TurnState, isOpen, toneOf, turnState } from './turns.js';

interface TurnProps {
  readonly question: ChatMessage;
  readonly answer: ChatMessage | undefined;
  /** The conversation it is part of, or the run that stands alone. */
  readonly of: string | LooseRun;
  /** How many runs in progress stand before it. */
  readonly ahead?: number;
  /** Whether the server would refuse another version now. */
  readonly isHeld?: boolean;
}

/** A question and its answer. Only a turn whose messages changed renders again. */
export const Turn = memo(function Turn({ question, answer, of, ahead = 0, isHeld = false }: TurnProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const client = useClient();
  const track = useTrack(answer?.runId);
  const connection = useConnection(client);
  const dropped = useValue(isDropped);
  const [isEditing, setEditing] = useState(false);
  const editButton = useRef<HTMLButtonElement>(null);
  const title = useId();
  const state = turnState(answer, track);
  const isLive = isOpen(answer);
  const isCut = isLive && state !== 'sent' && (dropped || connection.state !== 'connected');
  const runId = answer?.runId ?? question.runId;
  const files = question.parts.filter((part) => part.type === 'file');
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
      data-tone={isCut ? 'warn' : toneOf(state)}
      data-kind={track?.kind}
      data-cut={isCut}
    >
      <header class="ask">
        {isEditing && (
          <QuestionEditor
            question={question.content}
            onCancel={close}
            onSend={(query) => {
              close();
              edit(question, query);
            }}
          />
        )}
        <h3 class="grow" id={title} hidden={isEditing}>
          {question.content}
        </h3>
        <div class="line tiny muted">
          <Versions of="question" message={question} isHeld={isHeld} />
          {track?.isOwn === false && <span>{t('answer.watched')}</span>}
          {track !== undefined && (
            <code class="toned" data-tone="out">
              {track.kind}
            </code>
          )}
          <Time at={question.createdAt} />
        </div>
      </header>
      {files.length > 0 && (
        <ul class="attached line wrap plain" aria-label={t('attached.label')}>
          {files.map((file) => (
            <Attached key={file.id} conversationId={typeof of === 'string' ? of : ''} file={file} />
          ))}
        </ul>
      )}
      <AnswerParts parts={answer?.parts ?? []} track={track} isLive={isLive} />
      {state === 'unknown' && (
        <p class="note" data-tone="warn">
          {t('answer.unknown')}
        </p>
      )}
      {(state === 'failed' || state === 'interrupted') && <Failure error={track?.run.error ?? answer?.error} />}
      <footer>
        {runId !== undefined && track?.kind === 'streaming_query' && <Rhythm runId={runId} />}
        <div class="answer-line line wrap tiny">
          <b class="toned">{isCut ? t('state.cut') : stateText(state, track, ahead, i18n)}</b>
          {track?.resumed !== undefined && !isCut && <Tag tone="good">{resumedText(track.resumed, i18n)}</Tag>}
          <RunMetrics runId={runId} answer={answer} />
        </div>
        <div class="answer-buttons line wrap">
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
              {answer !== undefined && <Versions of="answer" message={answer} isHeld={isHeld} />}
              <CopyButton text={() => answer?.content ?? ''} />
              <Again question={question} answer={answer} of={of} state={state}>
                <Button icon="edit" label={t('answer.edit')} ref={editButton} onClick={() => setEditing(true)} />
              </Again>
            </>
          )}
        </div>
      </footer>
    </article>
  );
});

interface AgainProps extends Pick<TurnProps, 'question' | 'answer' | 'of'> {
  readonly state: TurnState;
  /** The button that opens the question for change. */
  readonly children: ComponentChildren;
}

/** What can be done with a turn that has ended. */
function Again({ question, answer, of, state, children }: AgainProps) {
  const { t } = useI18n();
  const client = useClient();
  const isLoose = typeof of !== 'string';
  const isStored = question.isStored && answer?.isStored !== false;
  const runId = answer?.runId ?? question.runId;
  const askAgain = (): void => {
    if (isLoose) askLoose(client, of.request, of.attachments);
    else repeat(question, answer);
  };
  return (
    <>
      {isStored && children}
      {isStored && (
        <Button icon="refresh" label={t('answer.regenerate')} onClick={() => regenerate(answer ?? question)} />
      )}
      {!isStored && <Button icon="repeat" label={t('answer.repeat')} onClick={askAgain} />}
      {runId !== undefined && <Button icon="search" label={t('answer.showInLog')} onClick={() => showFrames(runId)} />}
      {isLoose && state === 'lost' && (
        <Button
          icon="refresh"
          label={t('answer.reattach')}
          onClick={() => readLoose(client, of.run.id, of.request, of.createdAt)}
        />
      )}
    </>
  );
}

function stateText(state: TurnState, track: Track | undefined, ahead: number, { t }: I18n): string {
  if (track?.isCancelling === true) return t('state.cancelling');
  if (state !== 'queued') return t(`state.${state}`);
  const { place, estimatedWaitMs, noWorkers } = track?.line ?? {};
  if (place === undefined) return ahead > 0 ? t('state.queuedAt', { count: ahead }) : t('state.queued');
  if (noWorkers === true) return t('state.noWorkers', { place });
  if (estimatedWaitMs === undefined) return t('state.queuedPlace', { place });
  return t('state.queuedFor', { place, time: formatMs(estimatedWaitMs) });
}

function resumedText({ after, times }: { readonly after: number; readonly times: number }, { t }: I18n): string {
  if (times > 1) return t('answer.resumedAgain', { after, times });
  return t(after === 0 ? 'answer.resumedStart' : 'answer.resumed', { after });
}

interface VersionsProps {
  readonly of: 'question' | 'answer';
  readonly message: ChatMessage;
  /** The server changes nothing while a run is in progress. */
  readonly isHeld: boolean;
}

/** The version that was chosen last, and in which direction: the keyboard goes on from there. */
let chosen: { readonly id: string; readonly step: 'previous' | 'next' } | undefined;

/** `‹ 2/3 ›`: goes to another version of a question or an answer. */
function Versions({ of, message: { id, branch }, isHeld }: VersionsProps) {
  const { t } = useI18n();
  const group = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (chosen?.id !== id) return;
    const [previous, next] = group.current?.querySelectorAll('button') ?? [];
    const wanted = chosen.step === 'previous' ? previous : next;
    chosen = undefined;
    (wanted?.disabled === true ? (wanted === next ? previous : next) : wanted)?.focus();
  });
  if (branch === undefined) return null;
  const { siblings, index, count } = branch;
  const to = (step: 'previous' | 'next') => {
    const target = siblings[step === 'previous' ? index - 1 : index + 1];
    const show = (): void => {
      if (target === undefined) return;
      chosen = { id: target, step };
      select(target);
    };
    return (
      <Button
        kind="icon"
        icon={step}
        label={t(`versions.${step}`)}
        disabled={isHeld || target === undefined}
        onClick={show}
      />
    );
  };
  return (
    <div
      ref={group}
      class="versions line tiny soft"
      role="group"
      aria-label={t(`versions.${of}`, { at: index + 1, count })}
    >
      {to('previous')}
      <span aria-hidden="true">{`${index + 1}/${count}`}</span>
      {to('next')}
    </div>
  );
}

interface QuestionEditorProps {
  readonly question: string;
  readonly onSend: (question: string) => void;
  readonly onCancel: () => void;
}

/** A question open for change. Enter sends it, Escape leaves it as it was. */
function QuestionEditor({ question, onSend, onCancel }: QuestionEditorProps) {
  const { t } = useI18n();
  const [text, setText] = useState(question);
  const area = useRef<HTMLTextAreaElement>(null);
  // Before the browser paints: the next key is meant for the editor.
  useLayoutEffect(() => {
    area.current?.focus();
    area.current?.setSelectionRange(question.length, question.length);
  }, []);
  const send = (): void => {
    if (text.trim() !== '') onSend(text);
  };
  return (
    <Form class="question-editor grow" onSend={send}>
      <textarea
        ref={area}
        rows={1}
        spellcheck={false}
        aria-label={t('answer.edit.label')}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={(event) => {
          if (isComposing(event)) return;
          if (event.key === 'Escape') onCancel();
          if (event.key !== 'Enter' || event.shiftKey) return;
          event.preventDefault();
          send();
        }}
      />
      <div class="line wrap">
        <p class="grow tiny muted">{t('answer.edit.help')}</p>
        <Button label={t('answer.edit.cancel')} onClick={onCancel} />
        <Button kind="primary" type="submit" label={t('composer.send')} />
      </div>
    </Form>
  );
}
