import { CLOSE_CODES } from '../protocol/close-codes.js';
import { SUBPROTOCOL } from '../protocol/version.js';
import type { Announcer } from './announcer.js';
import { closeText } from './close-text.js';
import type { CloseReport, ConnectionState } from './connection.js';
import { byId, setText } from './dom.js';
import { formatMs } from './format.js';
import type { I18n } from './i18n.js';
import type { TextKey } from './locale/texts.js';
import { readKept, writeKept } from './kept.js';
import { Preference } from './preference.js';
import type { Session } from './session.js';
import { keepToken, readToken, wrongCharacter } from './token.js';

const COUNTDOWN_MS = 200;
/** Codes that nobody sent: the browser stands them in, and they tell a person nothing. */
const UNSENT: Readonly<Record<number, TextKey>> = {
  [CLOSE_CODES.abnormal.code]: 'banner.lost',
  [CLOSE_CODES.noStatus.code]: 'banner.noCode',
};

/** The controls of the connection, and the banner that says how one ended. */
export class ConnectionBar {
  readonly #url = byId('url', HTMLInputElement);
  readonly #protocol = byId('protocol', HTMLSelectElement);
  readonly #token = byId('token', HTMLInputElement);
  readonly #connect = byId('connect', HTMLButtonElement);
  readonly #status = byId('status', HTMLElement);
  readonly #banner = byId('banner', HTMLElement);
  readonly #preference = new Preference<'full' | 'core'>('protocol', ['full', 'core']);
  readonly #session: Session;
  readonly #i18n: I18n;
  readonly #announcer: Announcer;
  #urlIsOwn: boolean;

  constructor(session: Session, i18n: I18n, announcer: Announcer) {
    this.#session = session;
    this.#i18n = i18n;
    this.#announcer = announcer;
    const kept = readKept('sessionStorage', 'endpoint');
    this.#urlIsOwn = kept !== undefined;
    this.#url.value = kept ?? '';
    this.#token.value = readToken();
    this.#token.addEventListener('input', () => this.#token.removeAttribute('aria-invalid'));
    this.#protocol.value = this.#preference.read() ?? 'full';
    this.#protocol.addEventListener('change', () => {
      this.#preference.write(this.#protocol.value === 'core' ? 'core' : 'full');
      this.#show(session.connection.state, false);
    });
    this.#url.addEventListener('input', () => {
      this.#urlIsOwn = true;
      this.#url.removeAttribute('aria-invalid');
    });
    byId('connection', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#toggle();
    });
    byId('connection-toggle', HTMLButtonElement).addEventListener('click', () => {
      this.#openSettings(!byId('connection', HTMLElement).classList.contains('is-open'));
    });
    byId('banner-retry', HTMLButtonElement).addEventListener('click', () => session.connection.retryNow());
    byId('banner-stop', HTMLButtonElement).addEventListener('click', () => session.connection.disconnect());
    byId('banner-dismiss', HTMLButtonElement).addEventListener('click', () => (this.#banner.hidden = true));
    session.connection.changed.on((state) => this.#show(state, true));
    session.goingAway.on((afterMs) => this.#sayGoingAway(afterMs));
    session.frames.added.on((frame) => {
      if (frame.type === 'connected' || frame.type === 'pong') this.#showStatus(session.connection.state);
    });
    i18n.changed.on(() => this.#show(session.connection.state, false));
    setInterval(() => {
      const { state } = session.connection;
      if (state.name === 'waiting') this.#showCountdown(state.until);
    }, COUNTDOWN_MS);
    this.#show(session.connection.state, false);
  }

  /** Names the endpoint, unless the person wrote one. */
  suggest(url: string): void {
    if (!this.#urlIsOwn) this.#url.value = url;
  }

  /** Connects to what the fields say. */
  connect(): void {
    const isCore = this.#protocol.value === 'core';
    const token = isCore ? '' : this.#token.value.trim();
    const wrong = wrongCharacter(token);
    if (wrong !== undefined) {
      const shown = /\s/u.test(wrong) ? this.#i18n.t('token.space') : wrong;
      this.#refuse(this.#token, this.#i18n.t('banner.badToken', { character: shown }));
      return;
    }
    try {
      const protocols = [...(isCore ? [] : [SUBPROTOCOL]), ...(token === '' ? [] : [token])];
      const url = this.#url.value.trim();
      this.#session.connection.connect({ url, protocols });
      // A reload comes back to where the person went.
      if (this.#urlIsOwn) writeKept('sessionStorage', 'endpoint', url);
      if (!isCore) keepToken(token);
    } catch {
      this.#refuse(this.#url, this.#i18n.t('banner.badUrl'));
    }
  }

  /** Says what is wrong with a field, and brings the person there. */
  #refuse(field: HTMLInputElement, text: string): void {
    this.#openSettings(true);
    field.setAttribute('aria-invalid', 'true');
    field.focus();
    this.#showBanner('bad', text, '');
  }

  /** On a narrow screen the fields are behind a button. */
  #openSettings(isOpen: boolean): void {
    byId('connection', HTMLElement).classList.toggle('is-open', isOpen);
    byId('connection-toggle', HTMLButtonElement).setAttribute('aria-expanded', String(isOpen));
  }

  #toggle(): void {
    const { name } = this.#session.connection.state;
    if (name === 'idle' || name === 'closed') this.connect();
    else this.#session.connection.disconnect();
  }

  #show(state: ConnectionState, announce: boolean): void {
    document.documentElement.dataset['connection'] = state.name;
    const canConnect = state.name === 'idle' || state.name === 'closed';
    const key = canConnect ? 'connect' : state.name === 'open' ? 'disconnect' : 'stop';
    setText(byId('connect-text', HTMLElement), this.#i18n.t(key));
    this.#connect.classList.toggle('primary', canConnect);
    this.#connect.disabled = state.name === 'closing';
    this.#url.readOnly = !canConnect;
    this.#protocol.disabled = !canConnect;
    this.#token.readOnly = !canConnect;
    // A browser that offers nothing but a token takes no answer that leaves it out.
    this.#token.disabled = this.#protocol.value === 'core';
    this.#showStatus(state);
    if (state.name === 'open' || state.name === 'idle') this.#banner.hidden = true;
    if (state.name === 'closed') this.#showClose(state.close, state.gaveUp);
    if (state.name === 'waiting') {
      this.#showClose(state.close, false);
      this.#showCountdown(state.until);
    }
    if (announce && state.name !== 'connecting') this.#announcer.say(this.#i18n.t(`status.${state.name}`));
  }

  #showStatus(state: ConnectionState): void {
    const { hello, latency } = this.#session;
    setText(this.#status, this.#i18n.t(`status.${state.name}`));
    const id = hello?.['connection_id'];
    const isOpen = state.name === 'open';
    const protocol = isOpen ? this.#i18n.t(state.subprotocol === '' ? 'protocol.coreShort' : 'protocol.fullShort') : '';
    setText(byId('status-protocol', HTMLElement), protocol);
    const { last } = latency;
    setText(byId('status-latency', HTMLElement), isOpen && last !== undefined ? formatMs(last) : '');
    byId('status-pill', HTMLElement).title = typeof id === 'string' ? `connection_id ${id}` : '';
  }

  #showClose(close: CloseReport, gaveUp: boolean): void {
    const { code, reason, wanted, dropped } = close;
    // A close the person asked for is no news.
    if (wanted) {
      this.#banner.hidden = true;
      return;
    }
    if (dropped === true) {
      this.#showBanner(
        'warn',
        this.#i18n.t('banner.droppedTitle'),
        this.#i18n.t(this.#session.runs.isWhole ? 'banner.dropped' : 'banner.droppedCore'),
      );
      return;
    }
    const more = gaveUp ? ` ${this.#i18n.t('banner.gaveUp')}` : '';
    const unsent = UNSENT[code];
    if (unsent !== undefined) {
      this.#showBanner('bad', this.#i18n.t(unsent), more.trim());
      return;
    }
    const title = this.#i18n.t('banner.closed', { code, reason: reason === '' ? '' : ` · ${reason}` });
    this.#showBanner('bad', title, closeText(code, this.#i18n) + more);
  }

  #sayGoingAway(afterMs: number): void {
    const text = this.#i18n.t('banner.goingAway', { seconds: (afterMs / 1000).toFixed(1) });
    this.#showBanner('warn', this.#i18n.t('banner.goingAwayTitle'), text);
    this.#announcer.say(text);
  }

  #showBanner(tone: 'bad' | 'warn', title: string, text: string): void {
    this.#banner.hidden = false;
    this.#banner.dataset['tone'] = tone;
    setText(byId('banner-title', HTMLElement), title);
    setText(byId('banner-text', HTMLElement), text);
    const waiting = this.#session.connection.state.name === 'waiting';
    byId('banner-countdown', HTMLElement).hidden = !waiting;
    byId('banner-retry', HTMLElement).hidden = !waiting;
    byId('banner-stop', HTMLElement).hidden = !waiting;
    byId('banner-dismiss', HTMLElement).hidden = waiting;
  }

  #showCountdown(until: number): void {
    const { state } = this.#session.connection;
    const seconds = Math.max(0, (until - performance.now()) / 1000).toFixed(1);
    const attempt = state.name === 'waiting' ? state.attempt : 1;
    setText(byId('banner-countdown', HTMLElement), this.#i18n.t('banner.countdown', { seconds, attempt }));
  }
}
