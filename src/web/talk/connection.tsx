import type { TargetedEvent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { AgentClient } from '../../client/index.js';
import { useConnection } from '../../client/react.js';
import { CLOSE_CODES } from '../../protocol/close-codes.js';
import { recording } from '../frames/recording.js';
import type { TextKey } from '../locale/texts.js';
import { url, useClient } from '../page.js';
import { announce } from '../ui/announcer.js';
import { Button } from '../ui/button.js';
import { closeText } from '../ui/close-text.js';
import { Form } from '../ui/field.js';
import { formatMs } from '../ui/format.js';
import { type I18n, useI18n } from '../ui/i18n.js';
import { Icon } from '../ui/icon.js';
import { writeKept } from '../ui/kept.js';
import { useRedraw, useTick } from '../ui/redraw.js';
import { useValue, Value } from '../ui/signal.js';
import { type CloseReport, closed, connectTo, disconnect, isDropped, keptToken, retryNow } from './link.js';

const TONES = { idle: 'plain', connecting: 'warn', connected: 'good', waiting: 'warn', closed: 'bad' } as const;
/** What cannot travel in a subprotocol (RFC 9110, section 5.6.2), which is all a browser can send. */
const NOT_IN_A_TOKEN = /[^!#$%&'*+.^_`|~0-9a-z-]/iu;

/** What is wrong with what the person wrote. */
const problem = new Value<string | undefined>(undefined);

/** Where the page is connected, as whom, and the button that connects and disconnects. */
export function ConnectionBar() {
  const { t } = useI18n();
  const client = useClient();
  const endpoint = useValue(url);
  const { state, greeting } = useConnection(client);
  const [token, setToken] = useState(keptToken);
  const [isOpen, setOpen] = useState(false);
  const [wrong, setWrong] = useState<'url' | 'token'>();
  const canConnect = state === 'idle' || state === 'closed';
  const refuse = (field: 'url' | 'token', text: string): void => {
    setWrong(field);
    setOpen(true);
    problem.value = text;
    requestAnimationFrame(() => document.getElementById(field)?.focus());
  };
  const connect = (): void => {
    const [character] = NOT_IN_A_TOKEN.exec(token.trim()) ?? [];
    if (character !== undefined) {
      const shown = /\s/u.test(character) ? t('token.space') : character;
      refuse('token', t('banner.badToken', { character: shown }));
      return;
    }
    try {
      connectTo(endpoint.trim(), token.trim());
      problem.value = undefined;
      setWrong(undefined);
    } catch {
      refuse('url', t('banner.badUrl'));
    }
  };
  const field = (name: 'url' | 'token', value: string, set: (text: string) => void) => ({
    id: name,
    autocomplete: 'off',
    autocapitalize: 'off' as const,
    spellcheck: false,
    readOnly: !canConnect,
    'aria-label': t(`connection.${name}`),
    'aria-invalid': wrong === name,
    value,
    onInput: ({ currentTarget }: TargetedEvent<HTMLInputElement>) => {
      set(currentTarget.value);
      setWrong(undefined);
    },
  });
  const keepUrl = (text: string): void => {
    writeKept('sessionStorage', 'endpoint', text.trim());
    url.value = text;
  };
  return (
    <Form
      class={isOpen ? 'connection line is-open' : 'connection line'}
      id="connection"
      aria-label={t('connection.label')}
      onSend={canConnect ? connect : disconnect}
    >
      <p
        class="status line small"
        title={state === 'connected' ? `connection_id ${greeting?.connectionId}` : undefined}
      >
        <span class="status-dot" data-tone={TONES[state]} aria-hidden="true" />
        <span id="status">{t(`status.${state}`)}</span>
        {state === 'connected' && <LatencyText />}
      </p>
      <div class="endpoint grow">
        <input {...field('url', endpoint, keepUrl)} type="text" inputMode="url" />
        <input
          {...field('token', token, setToken)}
          type="password"
          placeholder={t('connection.token')}
          title={t('connection.token.help')}
        />
      </div>
      <Button
        kind="icon"
        class="icon-button only-narrow"
        icon="settings"
        id="connection-toggle"
        aria-expanded={isOpen}
        aria-controls="url"
        label={t('connection.settings')}
        onClick={() => setOpen(!isOpen)}
      />
      <Button
        kind={canConnect ? 'primary' : 'button'}
        icon="plug"
        id="connect"
        type="submit"
        label={t(canConnect ? 'connect' : state === 'connected' ? 'disconnect' : 'stop')}
      />
    </Form>
  );
}

function LatencyText() {
  const { latency } = recording;
  useRedraw(latency.changed.on);
  return (
    <span class="mono tiny muted" id="status-latency">
      {latency.last !== undefined && formatMs(latency.last)}
    </span>
  );
}

const TICK_MS = 200;

/** Codes that nobody sent: the browser stands them in, and they tell a person nothing. */
const UNSENT: Readonly<Record<number, TextKey>> = {
  [CLOSE_CODES.abnormal.code]: 'banner.lost',
  [CLOSE_CODES.noStatus.code]: 'banner.noCode',
};

/** Says how the connection ended and when the page comes back, or what is wrong with what the person wrote. */
export function Banner() {
  const i18n = useI18n();
  const { t } = i18n;
  const client = useClient();
  const { state, delayMs = 0, attempt = 1 } = useConnection(client);
  const report = useValue(closed);
  const refused = useValue(problem);
  const dropped = useValue(isDropped);
  const leavesIn = useGoingAway(client);
  const isConnected = state === 'connected';
  const isComingBack = dropped || state === 'waiting' || (state === 'connecting' && report !== undefined);
  const said = (): readonly string[] => {
    if (dropped) return [t('banner.droppedTitle'), t('banner.dropped')];
    if (leavesIn !== undefined && isConnected) return [t('banner.goingAwayTitle'), leaveText(leavesIn, i18n)];
    if (refused !== undefined) return [refused];
    return isConnected || (report === undefined && !isComingBack) ? [] : closeTexts(report, i18n);
  };
  const [title, text = ''] = said();
  const dismiss = (): void => {
    closed.value = undefined;
    problem.value = undefined;
  };
  if (title === undefined) return null;
  return (
    <div class="banner line wrap small" id="banner" data-tone={dropped || isConnected ? 'warn' : 'bad'}>
      <Icon name="alert" />
      <p class="grow">
        <strong>{title}</strong> {text}
      </p>
      {state === 'waiting' && <Countdown key={attempt} delayMs={delayMs} attempt={attempt} />}
      {isComingBack ? (
        <>
          <Button label={t('banner.retry')} onClick={retryNow} />
          <Button label={t('banner.stop')} id="banner-stop" onClick={disconnect} />
        </>
      ) : (
        <Button kind="icon" icon="close" label={t('banner.dismiss')} onClick={dismiss} />
      )}
    </div>
  );
}

function Countdown({ delayMs, attempt }: { readonly delayMs: number; readonly attempt: number }) {
  const { t } = useI18n();
  const [until] = useState(() => performance.now() + delayMs);
  useTick(TICK_MS);
  const seconds = Math.max(0, (until - performance.now()) / 1000).toFixed(1);
  return <span>{t('banner.countdown', { seconds, attempt })}</span>;
}

/** How long the page stays away, from when the server says that it leaves until there is another connection. */
function useGoingAway(client: AgentClient): number | undefined {
  const i18n = useI18n();
  const [afterMs, setAfterMs] = useState<number>();
  useEffect(() => {
    const offConnected = client.on('connected', () => setAfterMs(undefined));
    const offMessage = client.on('message', (message) => {
      if (message.type !== 'going_away') return;
      const after = Number((message as { readonly reconnect_after_ms?: unknown }).reconnect_after_ms ?? 0);
      setAfterMs(after);
      announce(leaveText(after, i18n));
    });
    return () => {
      offConnected();
      offMessage();
    };
  }, [client]);
  return afterMs;
}

function leaveText(afterMs: number, { t }: I18n): string {
  return t('banner.goingAway', { seconds: (afterMs / 1000).toFixed(1) });
}

function closeTexts(report: CloseReport | undefined, i18n: I18n): readonly string[] {
  const { t } = i18n;
  if (report === undefined) return [t('banner.unreachable')];
  const { code, reason } = report;
  const unsent = UNSENT[code];
  if (unsent !== undefined) return [t(unsent)];
  return [t('banner.closed', { code, reason: reason === '' ? '' : ` · ${reason}` }), closeText(code, i18n)];
}
