import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useState } from 'preact/hooks';
import type { AgentClient } from '../../client/index.js';
import { useConversation, type ConversationHook } from '../../client/react.js';
import { Button } from '../ui/button.js';
import { useI18n } from '../ui/i18n.js';
import { createValue, useValue } from '../ui/value.js';
import { Failure } from './failure.js';
import { usePlace } from './follow.js';
import { looseRuns, type LooseRun } from './loose.js';
import { LooseTurn } from './loose-turn.js';
import { beginThread } from './thread.js';
import { followOwn } from './tracks.js';
import { Turn, type TurnActions } from './turn.js';
import { turnPairs } from './turn-pairs.js';

/** Turns that are shown at once; older ones come when they are asked for. */
const SHOWN = 100;

/** The newest turn that the person took from the page, and with it all before it. They come back as older ones. */
export const clearedTurn = createValue<string | undefined>(undefined);

interface ThreadTurnsProps {
  readonly client: AgentClient;
  readonly id: string;
  /** Takes the hook of the conversation, for those who ask. */
  readonly hook: RefObject<ConversationHook | null>;
  readonly scroller: RefObject<HTMLElement | null>;
  /** For the runs that are part of no conversation. */
  readonly looseActions: TurnActions;
  /** Called when the person asks something. */
  readonly onAsk: () => void;
  /** Tells the first turn that is shown, `undefined` if there is none. */
  readonly onShown: (first: string | undefined) => void;
}

/** The turns of a conversation. It renders with every frame of an answer; of its turns only the open one does. */
export function ThreadTurns({ client, id, hook, scroller, looseActions, onAsk, onShown }: ThreadTurnsProps) {
  const { t } = useI18n();
  const conversation = useConversation(client, id);
  const { messages, title, hasMore, status, error, loadMore } = conversation;
  const cleared = useValue(clearedTurn);
  const [most, setMost] = useState(SHOWN);
  const all = turnPairs(messages);
  const turns = all.slice(all.findIndex(({ key }) => key === cleared) + 1).slice(-most);
  const isAll = turns.length === all.length;
  usePlace(
    scroller,
    turns.map(({ key }) => key),
  );
  useLayoutEffect(() => {
    hook.current = conversation;
  });
  useLayoutEffect(() => () => void (hook.current = null), []);
  const firstQuestion = hasMore ? undefined : all[0]?.question.content;
  useEffect(() => {
    if (all.length > 0) beginThread(id, title ?? firstQuestion);
  }, [id, title, firstQuestion, all.length > 0]);
  const first = turns[0]?.key;
  useLayoutEffect(() => onShown(first), [first]);
  const actions = useMemo((): TurnActions => {
    const { send, edit, regenerate, selectBranch } = conversation;
    const again = (messageId: string): void => {
      onAsk();
      followOwn(regenerate(messageId), 'streaming_query');
    };
    return {
      edit: (questionId, query) => {
        onAsk();
        followOwn(edit(questionId, query), 'streaming_query');
      },
      regenerate: again,
      repeat: (question, answer) => {
        // What failed before the server kept it is asked again in its place; what the server forgot is asked anew.
        if (answer?.status === 'failed' || answer?.status === 'interrupted') again(answer.id);
        else {
          onAsk();
          followOwn(send(question.content), 'streaming_query');
        }
      },
      select: (messageId) => void selectBranch(messageId).catch(() => undefined),
      showFrames: looseActions.showFrames,
    };
  }, [conversation.edit]);
  const showOlder = (): void => {
    if (isAll) void loadMore();
    else {
      clearedTurn.set(undefined);
      setMost(Math.max(most, turns.length + SHOWN));
    }
  };
  const loose = [...useValue(looseRuns)];
  const looseBefore = (time: number): readonly LooseRun[] => {
    const later = loose.findIndex(({ createdAt }) => createdAt >= time);
    return loose.splice(0, later === -1 ? loose.length : later);
  };
  const showLoose = (runs: readonly LooseRun[]) =>
    runs.map((each) => <LooseTurn key={each.run.id} client={client} loose={each} actions={looseActions} />);
  let live = 0;
  return (
    <>
      {(hasMore || !isAll) && <Button icon="up" id="thread-older" label={t('thread.older')} onClick={showOlder} />}
      {turns.flatMap(({ key, question, answer }) => {
        const isOpen = answer?.status === 'pending' || answer?.status === 'streaming';
        return [
          ...showLoose(looseBefore(question.createdAt)),
          <Turn
            key={key}
            client={client}
            conversationId={id}
            question={question}
            answer={answer}
            ahead={isOpen ? live++ : 0}
            isHeld={status === 'answering' && (question.branch ?? answer?.branch) !== undefined}
            actions={actions}
          />,
        ];
      })}
      {showLoose(loose)}
      {error !== undefined && error.code !== 'client_closed' && <Failure error={error} />}
    </>
  );
}
