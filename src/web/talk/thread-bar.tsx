import type { RefObject } from 'preact';
import { useState } from 'preact/hooks';
import type { AgentClient } from '../../client/index.js';
import type { ConversationHook } from '../../client/react.js';
import { Button } from '../ui/button.js';
import { useI18n } from '../ui/i18n.js';
import { Icon } from '../ui/icon.js';
import { useValue } from '../ui/value.js';
import { beginThread, openThread, recents, thread, threadAddress } from './thread.js';
import { ThreadDialog } from './thread-dialog.js';

interface ThreadBarProps {
  readonly client: AgentClient;
  readonly hook: RefObject<ConversationHook | null>;
}

/** The head of the conversation: what it is called, a new one, and a second tab that shows the same one. */
export function ThreadBar({ client, hook }: ThreadBarProps) {
  const { t } = useI18n();
  const { id, hasBegun } = useValue(thread);
  const [isOpen, setOpen] = useState(false);
  const title = useValue(recents).find((recent) => recent.id === id)?.title ?? '';
  const name = id === undefined ? t('thread.none') : title === '' ? t('thread.untitled') : title;
  return (
    <div class="thread-bar">
      <button class="thread-title" id="thread-open" type="button" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <Icon name="chat" />
        <span class="visually-hidden">{t('thread.label')}</span>
        <span class="thread-name" id="thread-name">
          {name}
        </span>
        <Icon name="chevron" />
      </button>
      {hasBegun && (
        <Button
          icon="plus"
          label={t('thread.new')}
          title={t('thread.new.label')}
          onClick={() => {
            openThread();
            document.getElementById('query')?.focus();
          }}
        />
      )}
      {id !== undefined && (
        // With an opener the second tab begins with a copy of the session storage, and so with the same token.
        <a
          class="small-button"
          id="thread-tab"
          href={threadAddress(id)}
          target="_blank"
          rel="opener"
          aria-label={t('thread.tab.label')}
          title={t('thread.tab.label')}
          onClick={() => beginThread(id, undefined)}
        >
          <Icon name="tabs" />
          <span>{t('thread.tab')}</span>
        </a>
      )}
      {isOpen && <ThreadDialog client={client} hook={hook} onClose={() => setOpen(false)} />}
    </div>
  );
}
