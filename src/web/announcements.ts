import type { Announcer } from './announcer.js';
import { formatMs } from './format.js';
import type { I18n } from './i18n.js';
import type { Resumption } from './resumption.js';
import type { Session } from './session.js';

/** Says to screen readers what others see: an answer ended, goes on, waits, or was asked for in another tab. */
export function bindAnnouncements(
  { runs, connection }: Session,
  resumption: Resumption,
  i18n: I18n,
  announcer: Announcer,
): void {
  runs.ended.on((answer) => {
    const time = formatMs(answer.elapsedMs);
    const key = answer.state === 'finished' ? 'announce.finished' : 'announce.ended';
    announcer.say(i18n.t(key, { time, state: i18n.t(`state.${answer.state}`) }));
  });
  runs.added.on(({ origin, question }) => {
    if (origin === 'watched') announcer.say(i18n.t('announce.watched', { question }));
  });
  runs.asking.on(({ name }) => announcer.say(i18n.t('announce.approval', { tool: name })));
  resumption.resumed.on((count) => {
    if (connection.isOpen) announcer.say(i18n.t('announce.resumed', { count }));
  });
}
