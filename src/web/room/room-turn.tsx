import { useEffect, useId } from 'preact/hooks';
import type { AgentClient, ClientRun, RoomMessage, RunKind } from '../../client/index.js';
import { useAgentRun } from '../../client/react.js';
import { AnswerParts } from '../talk/answer-parts.js';
import { Failure } from '../talk/failure.js';
import { statusOf } from '../talk/loose-turn.js';
import { cancelRun, useRunTrack } from '../talk/tracks.js';
import { isOpen, toneOf, turnState } from '../talk/turns.js';
import { announce } from '../ui/announcer.js';
import { Button } from '../ui/button.js';
import { useI18n } from '../ui/i18n.js';
import { Time } from '../ui/time.js';

interface RoomTurnProps {
  readonly client: AgentClient;
  /** The question; one that the server refused has no place. */
  readonly message: Pick<RoomMessage, 'content' | 'from'> & Partial<Pick<RoomMessage, 'seq' | 'createdAt'>>;
  /** `undefined` if it had ended before. */
  readonly run: ClientRun | undefined;
  readonly kind: RunKind;
  /** Reads a run that had ended. */
  readonly onRead?: () => void;
}

/** A question in a room, and its answer as all members see it. */
export function RoomTurn({ client, message, run, kind, onRead }: RoomTurnProps) {
  const { t } = useI18n();
  const title = useId();
  const { seq, from, content = '', createdAt } = message;
  return (
    <article class="answer" aria-labelledby={title} data-tone="plain" data-run={run?.id}>
      <header class="ask">
        <h3 class="grow" id={title}>
          {content}
        </h3>
        <div class="line tiny muted">
          <b class="soft">{from?.name}</b>
          {seq !== undefined && <code>#{seq}</code>}
          {createdAt !== undefined && <Time at={createdAt} />}
        </div>
      </header>
      {run === undefined ? (
        <Button icon="refresh" label={t('answer.reattach')} onClick={onRead} />
      ) : (
        <RoomAnswer client={client} run={run} kind={kind} question={content} />
      )}
    </article>
  );
}

interface RoomAnswerProps {
  readonly client: AgentClient;
  readonly run: ClientRun;
  readonly kind: RunKind;
  readonly question: string;
}

function RoomAnswer({ client, run, kind, question }: RoomAnswerProps) {
  const { t } = useI18n();
  const { parts, attach } = useAgentRun(client);
  const track = useRunTrack(run, kind);
  useEffect(() => void attach(run), [run]);
  useEffect(() => {
    run.then(
      () => announce(t('room.answered', { text: question })),
      () => undefined,
    );
  }, [run]);
  const answer = { status: statusOf(run), error: run.error };
  const state = turnState(answer, track);
  const isLive = isOpen(answer);
  return (
    <>
      <AnswerParts parts={parts} track={track} isLive={isLive} />
      {(state === 'failed' || state === 'interrupted') && <Failure error={run.error} />}
      <footer class="line" data-state={state} data-tone={toneOf(state)}>
        <b class="grow tiny toned">{t(track?.isCancelling === true ? 'state.cancelling' : `state.${state}`)}</b>
        {isLive && track !== undefined && (
          <Button
            icon="stop"
            isDanger
            label={t('answer.cancel')}
            disabled={track.isCancelling}
            onClick={() => cancelRun(track)}
          />
        )}
      </footer>
    </>
  );
}
