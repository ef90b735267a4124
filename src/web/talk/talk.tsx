import type { RefObject } from 'preact';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { AgentClient } from '../../client/index.js';
import type { ConversationHook } from '../../client/react.js';
import type { Catalog } from '../catalog.js';
import { Button } from '../ui/button.js';
import { useI18n } from '../ui/i18n.js';
import { useValue } from '../ui/value.js';
import type { Ask } from './ask.js';
import { Composer } from './composer.js';
import { Failure } from './failure.js';
import { useFollow } from './follow.js';
import { drop, notices, retryNow } from './link.js';
import { askLoose, clearLoose, looseRuns, readLoose } from './loose.js';
import { LooseTurn } from './loose-turn.js';
import { QuickActions } from './quick-actions.js';
import { thread } from './thread.js';
import { ThreadBar } from './thread-bar.js';
import { clearedTurn, ThreadTurns } from './thread-turns.js';
import { followOwn } from './tracks.js';
import type { TurnActions } from './turn.js';
import { turnPairs } from './turn-pairs.js';
import { Welcome } from './welcome.js';

interface TalkProps {
  readonly client: AgentClient;
  readonly catalog: Catalog | undefined;
  readonly url: string;
  readonly showFrames: (text: string) => void;
}

/** What is said, and where it is written. */
export function Talk({ client, catalog, url, showFrames }: TalkProps) {
  const { t } = useI18n();
  const { id } = useValue(thread);
  const loose = useValue(looseRuns);
  const refused = useValue(notices);
  const [first, setFirst] = useState<string>();
  const hook = useRef<ConversationHook>(null);
  const { scroller, content, isFollowing, follow, onScroll } = useFollow();
  const onAsk = useCallback(() => follow(true), []);
  const ask = useAsk(client, hook, onAsk);
  const looseActions = useMemo(
    (): TurnActions => ({
      repeat: ({ runId }) => {
        const again = looseRuns.get().find(({ run }) => run.id === runId);
        if (again !== undefined) askLoose(client, again.request, again.attachments);
      },
      reattach: (runId) => {
        const lost = looseRuns.get().find(({ run }) => run.id === runId);
        if (lost !== undefined) readLoose(client, runId, lost.request, lost.createdAt);
      },
      showFrames,
    }),
    [client],
  );
  useEffect(() => {
    if (id === undefined) setFirst(undefined);
    follow(true);
  }, [id]);
  const clear = (): void => {
    const ended = turnPairs(hook.current?.messages ?? []).findLast(
      ({ answer }) => answer?.status !== 'pending' && answer?.status !== 'streaming',
    );
    clearedTurn.set(ended?.key);
    clearLoose();
    notices.set([]);
  };
  const isEmpty = first === undefined && loose.length === 0 && refused.length === 0;
  return (
    <section class="conversation" id="conversation" aria-labelledby="conversation-title">
      <h2 class="visually-hidden" id="conversation-title">
        {t('view.conversation')}
      </h2>
      <ThreadBar client={client} hook={hook} />
      <div class="conversation-scroll" id="conversation-scroll" tabIndex={-1} ref={scroller} onScroll={onScroll}>
        <div class="column" ref={content}>
          {isEmpty && <Welcome ask={ask} onPing={() => void client.ping().catch(() => undefined)} />}
          <div class="answers" id="answers">
            {id === undefined ? (
              loose.map((each) => <LooseTurn key={each.run.id} client={client} loose={each} actions={looseActions} />)
            ) : (
              <ThreadTurns
                key={id}
                client={client}
                id={id}
                hook={hook}
                scroller={scroller}
                looseActions={looseActions}
                onAsk={onAsk}
                onShown={setFirst}
              />
            )}
            {refused.map((error, index) => (
              <div key={index} class="notice">
                <Failure error={error} />
              </div>
            ))}
          </div>
        </div>
      </div>
      {!isFollowing && (
        <div class="jump-place">
          <Button kind="chip" icon="down" id="jump" label={t('conversation.jump')} onClick={() => follow(true)} />
        </div>
      )}
      <div class="dock">
        <div class="column">
          <QuickActions client={client} ask={ask} onClear={clear} />
          <Composer client={client} catalog={catalog} url={url} ask={ask} />
        </div>
      </div>
    </section>
  );
}

/** Asks in the conversation of the page if there is one, and outside of any otherwise. */
function useAsk(client: AgentClient, hook: RefObject<ConversationHook | null>, onAsk: () => void): Ask {
  return useCallback(
    ({ request, attachments = [], whenBusy, isToBeDropped = false }) => {
      const { kind, title, options } = request;
      // Who asks wants an answer, whatever was closed before.
      if (client.state === 'closed') retryNow();
      onAsk();
      const conversation = kind === 'tool_call' ? null : hook.current;
      const files = attachments.length > 0 ? { attachments } : {};
      const run =
        conversation === null
          ? askLoose(client, request, attachments)
          : followOwn(
              conversation.send(title, { ...options, ...files, whenBusy, whole: kind === 'agent_query' }),
              kind,
            );
      if (!isToBeDropped) return;
      // The connection is lost as soon as the answer has begun to arrive.
      const off = run.subscribe(({ type }) => {
        if (type === 'text') drop();
        if (type === 'text' || type === 'end') off();
      });
    },
    [client],
  );
}
