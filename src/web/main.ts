import './style/tokens.css';
import './style/base.css';
import './style/header.css';
import './style/layout.css';
import './style/conversation.css';
import './style/approval.css';
import './style/thread.css';
import './style/attached.css';
import './style/composer.css';
import './style/log.css';
import './style/statistics.css';
import './style/run-table.css';
import './style/dialog.css';
import { DEFAULT_PATH } from '../protocol/version.js';
import { AttachmentLoader } from './attachment-loader.js';
import { bindAnnouncements } from './announcements.js';
import { Announcer } from './announcer.js';
import { decide } from './approvals.js';
import { loadCatalog } from './catalog.js';
import { bindCodesDialog } from './codes-dialog.js';
import { Composer } from './composer.js';
import { ConnectionBar } from './connection-bar.js';
import { Conversation } from './conversation.js';
import { byId } from './dom.js';
import { downloadSession } from './export.js';
import { I18n } from './i18n.js';
import { keepRuns, readKeptRuns } from './kept-runs.js';
import { bindOlder } from './older-button.js';
import { MessageList } from './message-list.js';
import { Painter } from './painter.js';
import { bindQuickActions } from './quick-actions.js';
import { Resumption } from './resumption.js';
import { RunTable } from './run-table.js';
import { Session } from './session.js';
import { Statistics } from './statistics.js';
import { Theme } from './theme.js';
import { bindThreadBar } from './thread-bar.js';
import { ThreadDialog } from './thread-dialog.js';
import { ThreadSync } from './thread-sync.js';
import { Tray } from './tray.js';
import { bindViews } from './views.js';

// The page lives under /static/; whoever mounts the server below a prefix moves everything together.
const root = new URL('..', location.href);
const endpoint = (path: string): string => {
  const url = new URL(path.replace(/^\//, ''), root);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
};

const i18n = new I18n();
const theme = new Theme();
const painter = new Painter();
const announcer = new Announcer();
const session = new Session();
// What runs is read on before the conversation is watched, which would tell it from the start.
const resumption = new Resumption(session);
const sync = new ThreadSync(session);
const goesOn = session.thread.hasBegun || readKeptRuns().length > 0;

const bar = new ConnectionBar(session, i18n, announcer);
bar.suggest(endpoint(DEFAULT_PATH));
const composer = new Composer(session, i18n, new Tray(session, i18n));
const loader = new AttachmentLoader(session);
const views = bindViews();
const log = new MessageList(session, i18n, painter);
const conversation = new Conversation(session, i18n, theme, painter, {
  cancel: (answer) => session.cancel(answer),
  repeat: (answer) => {
    session.repeat(answer);
  },
  reattach: (answer) => {
    resumption.read(answer);
  },
  edit: (answer, question) => {
    sync.edit(answer, question);
  },
  regenerate: (answer) => {
    sync.regenerate(answer);
  },
  selectVersion: (id, step) => {
    sync.select(id, () => conversation.showVersion(id, step));
  },
  load: (answer, attached) => loader.load(answer, attached),
  decide: (answer, approval, decision) => decide(session, answer, approval, decision),
  showInLog: (text) => {
    views.show('log');
    log.find(text);
  },
});
new Statistics(session, i18n, new URL('ws/statistics', root));
bindQuickActions(session, composer, i18n);
bindCodesDialog(i18n);

bindAnnouncements(session, resumption, i18n, announcer);
bindThreadBar(session, i18n, new ThreadDialog(session, sync, i18n), () => composer.focus());
sync.hold = (change) => conversation.holdPlace(change);
bindOlder(sync);
new RunTable(session, i18n, resumption, (answer) => {
  views.show('conversation');
  conversation.show(answer);
});
keepRuns(session);

const language = byId('language', HTMLButtonElement);
language.addEventListener('click', () => (i18n.language = i18n.language === 'zh' ? 'en' : 'zh'));
const themeButton = byId('theme', HTMLButtonElement);
const showTheme = (): void => {
  const name = i18n.t('theme.label', { name: i18n.t(`theme.${theme.name}`) });
  themeButton.setAttribute('aria-label', name);
  themeButton.title = name;
};
themeButton.addEventListener('click', () => theme.next());
theme.changed.on(showTheme);
i18n.changed.on(showTheme);
showTheme();
byId('export', HTMLButtonElement).addEventListener('click', () => downloadSession(session));
byId('conversation-clear', HTMLButtonElement).addEventListener('click', () => conversation.clear());
byId('welcome-connect', HTMLButtonElement).addEventListener('click', () => bar.connect());

try {
  const catalog = await loadCatalog(new URL('docs/asyncapi.json', root));
  composer.load(catalog);
  if (catalog.path !== undefined) bar.suggest(endpoint(catalog.path));
} catch {
  byId('no-catalog', HTMLElement).hidden = false;
}
// A reload and a second tab go on where the first stands.
if (goesOn) bar.connect();
document.documentElement.dataset['ready'] = '';
