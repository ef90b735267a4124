import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { AgentClient } from '../../client/index.js';
import { useConversation } from '../../client/react.js';
import { useClient } from '../page.js';
import { Button } from '../ui/button.js';
import { useFollow } from '../ui/follow.js';
import { useI18n } from '../ui/i18n.js';
import { Value, useValue } from '../ui/signal.js';
import { asked, conversation } from './ask.js';
import { Composer } from './composer.js';
import { Failure } from './failure.js';
import { notices } from './link.js';
import { LooseTurn } from './loose-turn.js';
import { type LooseRun, clearLoose, looseRuns } from './loose.js';
import { QuickActions, Welcome } from './quick-actions.js';
import { ThreadBar } from './thread-bar.js';
import { beginThread, thread } from './thread.js';
import { Turn } from './turn.js';
import { isOpen, turnPairs } from './turns.js';

/** What is said, and where it is written. */
export function Talk({ isHidden }: { readonly isHidden: boolean }) {
  const { t } = useI18n();
  const client = useClient();
  const { id } = useValue(thread);
  const loose = useValue(looseRuns);
  const { scroller, content, isFollowing, follow, onScroll } = useFollow();
  useEffect(() => follow(true), [id]);
  useEffect(() => asked.on(() => follow(true)), []);
  const clear = (): void => {
    clearedTurn.value = turnPairs(conversation.current?.messages ?? []).findLast(({ answer }) => !isOpen(answer))?.key;
    clearLoose();
    notices.value = [];
  };
  return (
    <section class="conversation" id="conversation" aria-labelledby="conversation-title" hidden={isHidden}>
      <h2 class="visually-hidden" id="conversation-title">
        {t('view.conversation')}
      </h2>
      <ThreadBar />
      <div class="conversation-scroll" id="conversation-scroll" tabIndex={-1} ref={scroller} onScroll={onScroll}>
        <div class="column" ref={content}>
          <div class="answers stack" id="answers">
            {id === undefined ? (
              loose.map((each) => <LooseTurn key={each.run.id} loose={each} />)
            ) : (
              <ThreadTurns key={id} client={client} id={id} loose={loose} scroller={scroller} />
            )}
            {useValue(notices).map((error, index) => (
              <div key={index} class="notice">
                <Failure error={error} />
              </div>
            ))}
          </div>
          <Welcome />
        </div>
      </div>
      <div class="dock">
        <div class="column">
          {!isFollowing && (
            <Button kind="chip" icon="down" id="jump" label={t('conversation.jump')} onClick={() => follow(true)} />
          )}
          <QuickActions onClear={clear} />
          <Composer />
        </div>
      </div>
    </section>
  );
}

/** Turns that are shown at once; older ones come when they are asked for. */
const SHOWN = 100;

/** The newest turn that the person took from the page, and with it all before it. They come back as older ones. */
const clearedTurn = new Value<string | undefined>(undefined);

interface ThreadTurnsProps {
  readonly client: AgentClient;
  readonly id: string;
  /** The runs that are part of no conversation: they stand between the turns, by their time. */
  readonly loose: readonly LooseRun[];
  readonly scroller: RefObject<HTMLElement | null>;
}

/** The turns of a conversation. It renders with every frame of an answer; of its turns only the open one does. */
function ThreadTurns({ client, id, loose, scroller }: ThreadTurnsProps) {
  const { t } = useI18n();
  const shown = useConversation(client, id);
  const { messages, title, hasMore, status, error, loadMore } = shown;
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
    conversation.current = shown;
  });
  useLayoutEffect(() => () => void (conversation.current = null), []);
  const firstQuestion = hasMore ? undefined : all[0]?.question.content;
  useEffect(() => {
    if (all.length > 0) beginThread(id, title ?? firstQuestion);
  }, [id, title, firstQuestion, all.length > 0]);
  const showOlder = (): void => {
    if (isAll) void loadMore();
    else {
      clearedTurn.value = undefined;
      setMost(Math.max(most, turns.length + SHOWN));
    }
  };
  const rest = [...loose];
  const looseBefore = (time: number) => {
    const later = rest.findIndex(({ createdAt }) => createdAt >= time);
    return rest
      .splice(0, later === -1 ? rest.length : later)
      .map((each) => <LooseTurn key={each.run.id} loose={each} />);
  };
  let ahead = 0;
  return (
    <>
      {(hasMore || !isAll) && <Button icon="up" id="thread-older" label={t('thread.older')} onClick={showOlder} />}
      {turns.map(({ key, question, answer }) => {
        const isHeld = status === 'answering' && (question.branch ?? answer?.branch) !== undefined;
        const turn = { of: id, question, answer, isHeld, ahead: isOpen(answer) ? ahead++ : 0 };
        return [looseBefore(question.createdAt), <Turn key={key} {...turn} />];
      })}
      {looseBefore(Infinity)}
      {error !== undefined && error.code !== 'client_closed' && <Failure error={error} />}
    </>
  );
}

/** Keeps what is read where it is on the screen when turns come above it. `keys` name the turns. */
export function usePlace(scroller: RefObject<HTMLElement | null>, keys: readonly string[]): void {
  const first = useRef(keys[0]);
  const isAbove = keys[0] !== first.current && keys.indexOf(first.current ?? '') > 0;
  // The page still shows what was rendered before.
  const before = isAbove ? (scroller.current?.scrollHeight ?? 0) : 0;
  useLayoutEffect(() => {
    first.current = keys[0];
    if (isAbove && scroller.current !== null) scroller.current.scrollTop += scroller.current.scrollHeight - before;
  }, [keys[0]]);
}
