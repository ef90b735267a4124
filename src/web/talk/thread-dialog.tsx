import type { RefObject } from 'preact';
import { useState } from 'preact/hooks';
import type { AgentClient } from '../../client/index.js';
import { useConversations, type ConversationHook } from '../../client/react.js';
import { Button } from '../ui/button.js';
import { CopyButton } from '../ui/copy-button.js';
import { Dialog } from '../ui/dialog.js';
import { useI18n } from '../ui/i18n.js';
import { useValue } from '../ui/value.js';
import { forgetThread, leaveThread, openThread, recents, thread, type Recent } from './thread.js';

interface ThreadDialogProps {
  readonly client: AgentClient;
  readonly hook: RefObject<ConversationHook | null>;
  readonly onClose: () => void;
}

/** Where a conversation is named, left, or another one is chosen. */
export function ThreadDialog({ client, hook, onClose }: ThreadDialogProps) {
  const { t } = useI18n();
  const { id } = useValue(thread);
  const title = useValue(recents).find((recent) => recent.id === id)?.title;
  const choose = (other: string): void => {
    openThread(other);
    onClose();
  };
  const rename = (title: string): void => {
    const renamed = hook.current?.rename(title);
    renamed?.catch(() => undefined);
  };
  return (
    <Dialog id="threads" title={t('threads.title')} onClose={onClose}>
      <label class="check">
        <input
          type="checkbox"
          checked={id !== undefined}
          onChange={({ currentTarget }) => (currentTarget.checked ? openThread() : leaveThread())}
        />
        {t('threads.on')}
      </label>
      <p class="field-help">{t('threads.on.help')}</p>
      {id !== undefined && (
        <>
          <LineForm
            id="threads-name"
            first={title ?? ''}
            label={t('threads.name')}
            action={t('threads.rename')}
            onSend={rename}
          />
          <p class="threads-id">
            <span class="field-name">{t('threads.id')}</span> <code>{id}</code> <CopyButton text={() => id} />
          </p>
          <h3>{t('threads.tabs')}</h3>
          <p class="threads-text">{t('threads.tabs.text')}</p>
        </>
      )}
      <h3>{t('threads.others')}</h3>
      <Others client={client} id={id} onChoose={choose} />
      <LineForm id="threads-other" label={t('threads.other')} action={t('threads.open')} onSend={choose}>
        {t('threads.other.help')}
      </LineForm>
    </Dialog>
  );
}

interface OthersProps {
  readonly client: AgentClient;
  readonly id: string | undefined;
  readonly onChoose: (id: string) => void;
}

/** The conversations of this browser, and those the server tells a client that it knows. */
function Others({ client, id, onChoose }: OthersProps) {
  const { t } = useI18n();
  const kept = useValue(recents);
  const { conversations } = useConversations(client);
  const told = conversations.map(({ conversationId, title = '' }): Recent => ({ id: conversationId, title }));
  const others = [...kept, ...told.filter((one) => !kept.some((recent) => recent.id === one.id))];
  const rows = others.filter((other) => other.id !== id);
  return (
    <ul class="threads-list">
      {rows.length === 0 && <li class="muted-note">{t('threads.noOthers')}</li>}
      {rows.map((other) => (
        <li key={other.id}>
          <button type="button" class="threads-row" onClick={() => onChoose(other.id)}>
            <span>{other.title === '' ? t('thread.untitled') : other.title}</span>
            <code>{other.id.length > 12 ? `${other.id.slice(0, 8)}…` : other.id}</code>
          </button>
          {kept.includes(other) && (
            <Button
              kind="icon"
              icon="close"
              label={t('threads.forget')}
              onClick={() => {
                forgetThread(other.id);
                document.getElementById('threads-other')?.focus();
              }}
            />
          )}
        </li>
      ))}
    </ul>
  );
}

interface LineFormProps {
  readonly id: string;
  readonly first?: string;
  readonly label: string;
  readonly action: string;
  readonly onSend: (text: string) => void;
  readonly children?: string;
}

function LineForm({ id, first = '', label, action, onSend, children }: LineFormProps) {
  const [text, setText] = useState(first);
  return (
    <form
      class="line-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') onSend(text.trim());
      }}
    >
      <label class="field-name" for={id}>
        {label}
      </label>
      <div class="line">
        <input
          type="text"
          id={id}
          maxLength={200}
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <Button kind="button" type="submit" label={action} />
      </div>
      {children !== undefined && <p class="field-help">{children}</p>}
    </form>
  );
}
