import { addressOf } from './conversation-address.js';
import { byId, setText } from './dom.js';
import type { I18n } from './i18n.js';
import type { Session } from './session.js';
import { WHEN_BUSY, type WhenBusy } from './thread.js';
import type { ThreadDialog } from './thread-dialog.js';

/** The head of the conversation, and the choice of what a question does that meets a running one. */
export function bindThreadBar(session: Session, i18n: I18n, dialog: ThreadDialog, onNew: () => void): void {
  const { thread, runs, connection } = session;
  const name = byId('thread-name', HTMLElement);
  const fresh = byId('thread-new', HTMLButtonElement);
  const tab = byId('thread-tab', HTMLAnchorElement);
  const busy = byId('busy', HTMLElement);
  const whenBusy = byId('when-busy', HTMLSelectElement);
  const open = byId('thread-open', HTMLButtonElement);
  const show = (): void => {
    const isCore = connection.isOpen && !session.isNegotiated;
    const { id, title } = thread;
    const plain = isCore ? 'thread.core' : id === undefined ? 'thread.none' : 'thread.untitled';
    setText(name, (isCore || id === undefined ? undefined : title) ?? i18n.t(plain));
    open.disabled = isCore;
    fresh.hidden = isCore || !thread.hasBegun;
    tab.hidden = isCore || id === undefined;
    tab.href = id === undefined ? '' : addressOf(id);
    busy.hidden =
      isCore || !runs.live.some(({ conversationId }) => conversationId !== undefined && conversationId === id);
  };
  open.addEventListener('click', () => dialog.show());
  fresh.addEventListener('click', () => {
    thread.open(undefined, false);
    onNew();
  });
  // The second tab shows the same conversation: from now on this tab says which one it is.
  tab.addEventListener('click', () => thread.begin());
  whenBusy.addEventListener('change', () => {
    thread.whenBusy = WHEN_BUSY.find((each) => each === whenBusy.value) ?? ('enqueue' satisfies WhenBusy);
  });
  thread.changed.on(show);
  runs.counted.on(show);
  connection.changed.on(show);
  i18n.changed.on(show);
  show();
}
