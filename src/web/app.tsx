import { useEffect, useState } from 'preact/hooks';
import type { AgentClient, RunInfo } from '../client/index.js';
import { useConnection } from '../client/react.js';
import type { Catalog } from './catalog.js';
import { CodesDialog } from './frames/codes-dialog.js';
import { downloadSession } from './frames/export.js';
import { textOf } from './frames/frames.js';
import { MessageLog } from './frames/message-log.js';
import { RunTable } from './frames/run-table.js';
import { StatisticsPanel } from './frames/statistics-panel.js';
import { announce, Announcer } from './ui/announcer.js';
import { Button } from './ui/button.js';
import { setLanguage, useI18n } from './ui/i18n.js';
import { Icon, type IconName } from './ui/icon.js';
import { nextTheme, useTheme } from './ui/theme.js';
import { Banner } from './talk/banner.js';
import { ConnectionBar } from './talk/connection-bar.js';
import { addressOf, recording } from './talk/link.js';
import { readLoose } from './talk/loose.js';
import { showRawRuns } from './talk/raw-runs.js';
import { Talk } from './talk/talk.js';
import { liveRuns } from './talk/tracks.js';

/** The parts of the page: beside each other on a wide screen, one at a time on a narrow one. */
const VIEWS = { conversation: 'chat', log: 'list', statistics: 'chart' } as const satisfies Record<string, IconName>;
type View = keyof typeof VIEWS;

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
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    document.documentElement.dataset['connection'] = state === 'connected' ? 'open' : state;
    // What is read on is said instead.
    const isReadOn = state === 'connected' && liveRuns.get().length > 0;
    if (state !== 'connecting' && state !== 'idle' && !isReadOn) announce(t(`status.${state}`));
  }, [state]);
  useEffect(() => showRawRuns(client), [client]);
  useEffect(() => void (document.title = t('page.title')), [language]);
  const showFrames = (text: string): void => {
    setView('log');
    recording.rows.show({ text });
  };
  const read = ({ runId, kind }: RunInfo): void => {
    setView('conversation');
    const shown = document.querySelector(`article[data-run="${runId}"]`);
    if (shown !== null) {
      // Its frames come again; its card has them already.
      client.resume(runId);
      requestAnimationFrame(() => shown.scrollIntoView());
      return;
    }
    const { request } = recording.runs.get(runId) ?? {};
    readLoose(client, runId, { kind, title: textOf(request, 'query') ?? textOf(request, 'tool_name') ?? runId });
  };
  return (
    <>
      <a class="skip" href="#composer">
        {t('skip.composer')}
      </a>
      <a class="skip" href="#log">
        {t('skip.log')}
      </a>
      <header class="header">
        <div class="brand">
          <svg class="seal" viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="8" />
            <path d="M8 10.5h11M8 16h16M8 21.5h7" />
            <circle cx="20.6" cy="21.5" r="2.2" />
          </svg>
          <h1>
            agent-ws <span>{t('page.subtitle')}</span>
          </h1>
        </div>
        <ConnectionBar client={client} url={url} onUrl={onUrl} onProblem={setProblem} />
        <Tools client={client} />
      </header>
      <Banner client={client} problem={problem} onDismiss={() => setProblem(undefined)} />
      <main class="main" data-view={view}>
        <Talk client={client} catalog={catalog} url={url} showFrames={showFrames} />
        <div class="side">
          <StatisticsPanel recording={recording} client={client} url={addressOf('ws/statistics')}>
            <RunTable client={client} runs={recording.runs} onRead={read} />
          </StatisticsPanel>
          <MessageLog rows={recording.rows} />
        </div>
      </main>
      <nav class="views" aria-label={t('nav.views')}>
        {Object.entries(VIEWS).map(([name, icon]) => (
          <button key={name} type="button" aria-current={name === view} onClick={() => setView(name as View)}>
            <Icon name={icon} />
            <span>{t(`view.${name as View}`)}</span>
          </button>
        ))}
      </nav>
      <Announcer />
    </>
  );
}

/** What is of use all the time: the export, the codes, the documentation, the theme and the language. */
function Tools({ client }: { readonly client: AgentClient }) {
  const { t, language } = useI18n();
  const theme = useTheme();
  const [showsCodes, setShowsCodes] = useState(false);
  return (
    <div class="header-tools">
      <Button
        kind="icon"
        icon="download"
        label={t('export.label')}
        onClick={() => downloadSession(recording, client)}
      />
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
      <Button
        kind="icon"
        icon={theme}
        id="theme"
        label={t('theme.label', { name: t(`theme.${theme}`) })}
        onClick={nextTheme}
      />
      <Button
        kind="icon"
        id="language"
        label={t('language.switch')}
        onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}
      >
        <span class="language" lang={language === 'zh' ? 'en' : 'zh-CN'} aria-hidden="true">
          {language === 'zh' ? 'En' : '中'}
        </span>
      </Button>
      {showsCodes && <CodesDialog onClose={() => setShowsCodes(false)} />}
    </div>
  );
}
