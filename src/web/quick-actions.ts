import type { Composer } from './composer.js';
import { byId, setText } from './dom.js';
import type { Message } from './frames.js';
import type { I18n } from './i18n.js';
import type { Session } from './session.js';

/** Buttons that send a message at once. They stand in the page with `data-quick`, in the bar and in the welcome. */
export function bindQuickActions(session: Session, composer: Composer, i18n: I18n): void {
  const messages: Readonly<Record<string, () => Message>> = {
    ping: () => ({ type: 'ping' }),
    calculator: () => ({ type: 'tool_call', tool_name: 'calculator', params: { expression: '123 + 456' } }),
    stream: () => ({ type: 'streaming_query', query: i18n.t('quick.stream.query') }),
    agent: () => ({ type: 'agent_query', query: i18n.t('quick.agent.query') }),
    cancel: () => ({ type: 'cancel' }),
    resume: () => ({ type: 'streaming_query', query: i18n.t('quick.stream.query') }),
  };
  const buttons = [...document.querySelectorAll<HTMLButtonElement>('button[data-quick]')];
  for (const button of buttons) {
    const message = messages[button.dataset['quick'] ?? ''];
    button.addEventListener('click', () => {
      if (message === undefined) return;
      if (!session.submit(message())) composer.fill(message());
      else if (button.dataset['quick'] === 'resume') dropInTheMiddle(session);
    });
  }
  const drop = byId('drop', HTMLButtonElement);
  drop.addEventListener('click', () => session.connection.drop());
  const count = byId('live-count', HTMLElement);
  const show = (): void => {
    const live = session.runs.live.length;
    drop.disabled = !session.connection.isOpen;
    setText(count, live === 0 ? '' : String(live));
    for (const button of buttons) {
      const isCancel = button.dataset['quick'] === 'cancel';
      button.disabled = !session.connection.isOpen || (isCancel && live === 0);
    }
  };
  session.runs.counted.on(show);
  session.connection.changed.on(show);
  show();
}

/** Loses the connection as soon as the newest answer has begun to arrive. */
function dropInTheMiddle({ runs, connection }: Session): void {
  const answer = runs.all.at(-1);
  const off = answer?.changed.on(() => {
    if (answer.chunks === 0 && answer.isLive) return;
    off?.();
    if (answer.isLive) connection.drop();
  });
}
