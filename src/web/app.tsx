import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { AgentClient, RunInfo } from '../client/index.js';
import { useConnection } from '../client/react.js';
import type { Catalog } from './catalog.js';
import { CodesDialog } from './frames/codes-dialog.js';
import { downloadSession } from './frames/export.js';
import { requestedBy } from './frames/frames.js';
import { MessageLog } from './frames/message-log.js';
import { recording } from './frames/recording.js';
import { RunTable } from './frames/run-table.js';
import { StatisticsPanel } from './frames/statistics-panel.js';
import { PageProvider, type Page, type View } from './page.js';
import { Room } from './room/room.js';
import { announce, Announcer } from './ui/announcer.js';
import { Button } from './ui/button.js';
import { useI18n } from './ui/i18n.js';
import { Icon, type IconName } from './ui/icon.js';
import { Settings } from './ui/settings.js';
import { Banner, ConnectionBar } from './talk/connection.js';
import { credentialsFor } from './talk/link.js';
import { readLoose } from './talk/loose.js';
import { Talk } from './talk/talk.js';
import { liveRuns } from './talk/tracks.js';

/** The parts of the page: one at a time on a narrow screen; on a wide one the last two stand beside one of the others. */
const VIEWS = { conversation: 'chat', room: 'people', log: 'list', statistics: 'chart' } as const satisfies Record<
  View,
  IconName
>;

interface AppProps {
  readonly client: AgentClient;
  readonly catalog: Catalog | undefined;
  readonly url: string;
  readonly onUrl: (url: string) => void;
}

export function App({ client, catalog, url, onUrl }: AppProps) {
  const { t, language } = useI18n();
  const { state } = useConnection(client);
  const [view, setView] = useState<View>('conversation');
  const isInRoom = useRef(false);
  if (view === 'conversation' || view === 'room') isInRoom.current = view === 'room';
  useEffect(() => {
    document.documentElement.dataset['connection'] = state === 'connected' ? 'open' : state;
    // What is read on is said instead.
    const isReadOn = state === 'connected' && liveRuns.value.length > 0;
    if (state !== 'connecting' && state !== 'idle' && !isReadOn) announce(t(`status.${state}`));
  }, [state]);
  useEffect(() => void (document.title = t('page.title')), [language]);
  const page = useMemo((): Page => {
    const showFrames = (text: string): void => {
      setView('log');
      recording.rows.show({ text });
    };
    return { client, catalog, url, show: setView, showFrames, credentialsFor };
  }, [client, catalog, url]);
  const read = ({ runId, kind }: RunInfo): void => {
    setView('conversation');
    const shown = document.querySelector(`article[data-run="${runId}"]`);
    if (shown !== null) {
      // Its frames come again; its card has them already.
      client.resume(runId);
      requestAnimationFrame(() => shown.scrollIntoView());
      return;
    }
    readLoose(client, runId, { kind, title: requestedBy(recording.runs.get(runId)?.request) ?? runId });
  };
  return (
    <PageProvider value={page}>
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
        <ConnectionBar onUrl={onUrl} />
        <Tools client={client} />
      </header>
      <Banner />
      <main class="main" data-view={view}>
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
            aria-current={name === view}
            onClick={() => setView(name)}
          />
        ))}
      </nav>
      <Announcer />
    </PageProvider>
  );
}

/** What is of use all the time: the export, the codes, the documentation, the theme and the language. */
function Tools({ client }: { readonly client: AgentClient }) {
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
