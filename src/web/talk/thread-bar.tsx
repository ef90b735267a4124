import { useState } from 'preact/hooks';
import { useClient, view } from '../page.js';
import { useConversations } from '../../client/react.js';
import { Button } from '../ui/button.js';
import { CopyButton } from '../ui/copy-button.js';
import { Dialog } from '../ui/dialog.js';
import { Check, Field, Form } from '../ui/field.js';
import { useI18n } from '../ui/i18n.js';
import { Icon } from '../ui/icon.js';
import { useValue } from '../ui/signal.js';
import { conversation } from './ask.js';
import {
  beginThread,
  forgetThread,
  leaveThread,
  openThread,
  recents,
  thread,
  threadAddress,
  type Recent,
} from './thread.js';

/** The head of the conversation: what it is called, a new one, and a second tab that shows the same one. */
export function ThreadBar() {
  const { t } = useI18n();
  const { id, hasBegun } = useValue(thread);
  const [isOpen, setOpen] = useState(false);
  const title = useValue(recents).find((recent) => recent.id === id)?.title ?? '';
  const name = id === undefined ? t('thread.none') : title === '' ? t('thread.untitled') : title;
  return (
    <div class="thread-bar line">
      <button class="item" id="thread-open" type="button" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <Icon name="chat" />
        <span class="visually-hidden">{t('thread.label')}</span>
        <span class="ellipsis" id="thread-name">
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
      <Button
        icon="people"
        class="small-button only-wide"
        id="room-open"
        label={t('view.room')}
        title={t('room.open')}
        onClick={() => {
          view.value = 'room';
          requestAnimationFrame(() => document.getElementById('room')?.focus());
        }}
      />
      {isOpen && <ThreadDialog title={title} onClose={() => setOpen(false)} />}
    </div>
  );
}

/** Where a conversation is named, left, or another one is chosen. */
function ThreadDialog({ title, onClose }: { readonly title: string; readonly onClose: () => void }) {
  const { t } = useI18n();
  const { id } = useValue(thread);
  const choose = (other: string): void => {
    openThread(other);
    onClose();
  };
  const rename = (text: string): void => void conversation.current?.rename(text).catch(() => undefined);
  return (
    <Dialog id="threads" title={t('threads.title')} onClose={onClose}>
      <Check
        label={t('threads.on')}
        checked={id !== undefined}
        onCheck={(isOn) => (isOn ? openThread() : leaveThread())}
      />
      <p class="tiny muted">{t('threads.on.help')}</p>
      {id !== undefined && (
        <>
          <LineForm id="threads-name" first={title} action={t('threads.rename')} onSend={rename}>
            {t('threads.name')}
          </LineForm>
          <p class="line wrap tiny">
            <span class="field-name">{t('threads.id')}</span> <code>{id}</code> <CopyButton text={() => id} />
          </p>
          <h3>{t('threads.tabs')}</h3>
          <p class="small">{t('threads.tabs.text')}</p>
        </>
      )}
      <h3>{t('threads.others')}</h3>
      <Others onChoose={choose} />
      <LineForm id="threads-other" help={t('threads.other.help')} action={t('threads.open')} onSend={choose}>
        {t('threads.other')}
      </LineForm>
    </Dialog>
  );
}

/** The conversations of this browser, and those the server tells a client that it knows. */
function Others({ onChoose }: { readonly onChoose: (id: string) => void }) {
  const { t } = useI18n();
  const { id } = useValue(thread);
  const kept = useValue(recents);
  const { conversations } = useConversations(useClient());
  const told = conversations.map(({ conversationId, title = '' }): Recent => ({ id: conversationId, title }));
  const others = [...kept, ...told.filter((one) => !kept.some((recent) => recent.id === one.id))];
  const rows = others.filter((other) => other.id !== id);
  return (
    <ul class="plain">
      {rows.length === 0 && <li class="small muted">{t('threads.noOthers')}</li>}
      {rows.map((other) => (
        <li key={other.id} class="line">
          <button type="button" class="item grow" onClick={() => onChoose(other.id)}>
            <span class="grow ellipsis">{other.title === '' ? t('thread.untitled') : other.title}</span>
            <code class="tiny muted">{other.id.length > 12 ? `${other.id.slice(0, 8)}…` : other.id}</code>
          </button>
          {kept.includes(other) && (
            <Button kind="icon" icon="close" label={t('threads.forget')} onClick={() => forgetThread(other.id)} />
          )}
        </li>
      ))}
    </ul>
  );
}

interface LineFormProps {
  readonly id: string;
  readonly first?: string;
  readonly help?: string;
  readonly action: string;
  readonly onSend: (text: string) => void;
  readonly children: string;
}

function LineForm({ id, first = '', help, action, onSend, children }: LineFormProps) {
  const [text, setText] = useState(first);
  return (
    <Form onSend={() => text.trim() !== '' && onSend(text.trim())}>
      <Field id={id} label={children} help={help}>
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
      </Field>
    </Form>
  );
}
