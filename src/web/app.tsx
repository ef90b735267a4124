import { useEffect, useRef, useState } from 'preact/hooks';
import type { RunInfo } from '../client/index.js';
import { useConnection } from '../client/react.js';
import { CodesDialog } from './frames/codes-dialog.js';
import { downloadSession } from './frames/export.js';
import { requestedBy } from './frames/frames.js';
import { MessageLog } from './frames/message-log.js';
import { recording } from './frames/recording.js';
import { RunTable } from './frames/run-table.js';
import { StatisticsPanel } from './frames/statistics-panel.js';
import { useClient, view, type View } from './page.js';
import { Room } from './room/room.js';
import { announce, Announcer } from './ui/announcer.js';
import { Button } from './ui/button.js';
import { useI18n } from './ui/i18n.js';
import { Icon, type IconName } from './ui/icon.js';
import { Settings } from './ui/settings.js';
import { useValue } from './ui/signal.js';
import { Banner, ConnectionBar } from './talk/connection.js';
import { readLoose } from './talk/loose.js';
import { Talk } from './talk/talk.js';
import { liveRuns } from './talk/tracks.js';

/** The parts of the page: one at a time on a narrow screen; on a wide one the last two stand beside one of the others. */
const VIEWS = { conversation: 'chat', room: 'people', log: 'list', statistics: 'chart' } as const satisfies Record<
  View,
  IconName
>;

export function App() {
  const { t, language } = useI18n();
  const client = useClient();
  const { state } = useConnection(client);
  const shown = useValue(view);
  const isInRoom = useRef(false);
  if (shown === 'conversation' || shown === 'room') isInRoom.current = shown === 'room';
  useEffect(() => {
    document.documentElement.dataset['connection'] = state === 'connected' ? 'open' : state;
    // What is read on is said instead.
    const isReadOn = state === 'connected' && liveRuns.value.length > 0;
    if (state !== 'connecting' && state !== 'idle' && !isReadOn) announce(t(`status.${state}`));
  }, [state]);
  useEffect(() => void (document.documentElement.dataset['ready'] = ''), []);
  useEffect(() => void (document.title = t('page.title')), [language]);
  const read = ({ runId, kind }: RunInfo): void => {
    view.value = 'conversation';
    const turn = document.querySelector(`article[data-run="${runId}"]`);
    if (turn !== null) {
      // Its frames come again; its card has them already.
      client.resume(runId);
      requestAnimationFrame(() => turn.scrollIntoView());
      return;
    }
    readLoose(client, runId, { kind, title: requestedBy(recording.runs.get(runId)?.request) ?? runId });
  };
  return (
    <>
      <a class="skip" href={isInRoom.current ? '#room' : '#composer'}>
        {t('skip.composer')}
      </a>
      <a class="skip" href="#log">
        {t('skip.log')}
      </a>
      <header class="header line">
        <div class="brand line">
          <img class="seal" src="favicon.svg" alt="" />
          <h1>
            agent-ws <span>{t('page.subtitle')}</span>
          </h1>
        </div>
        <ConnectionBar />
        <Tools />
      </header>
      <Banner />
      <main class="main" data-view={shown}>
        <Talk isHidden={isInRoom.current} />
        <Room isHidden={!isInRoom.current} />
        <div class="side">
          <StatisticsPanel>
            <RunTable onRead={read} />
          </StatisticsPanel>
          <MessageLog />
        </div>
      </main>
      <nav class="views" aria-label={t('nav.views')}>
        {(Object.keys(VIEWS) as View[]).map((name) => (
          <Button
            key={name}
            class="plain"
            icon={VIEWS[name]}
            label={t(`view.${name}`)}
            aria-current={name === shown}
            onClick={() => (view.value = name)}
          />
        ))}
      </nav>
      <Announcer />
    </>
  );
}

/** What is of use all the time: the export, the codes, the documentation, the theme and the language. */
function Tools() {
  const client = useClient();
  const { t } = useI18n();
  const [showsCodes, setShowsCodes] = useState(false);
  return (
    <div class="header-tools line">
      <Button kind="icon" icon="download" label={t('export.label')} onClick={() => downloadSession(client)} />
      <Button kind="icon" icon="help" label={t('codes.open')} onClick={() => setShowsCodes(true)} />
      <a
        class="icon-button"
        href="../docs"
        target="_blank"
        rel="noopener"
        aria-label={t('docs.open')}
        title={t('docs.open')}
      >
        <Icon name="book" />
      </a>
      <Settings />
      {showsCodes && <CodesDialog onClose={() => setShowsCodes(false)} />}
    </div>
  );
}
