import { useEffect, useReducer, useState } from 'preact/hooks';
import { CLOSE_CODES } from '../../protocol/close-codes.js';
import type { AgentClient } from '../../client/index.js';
import { useConnection } from '../../client/react.js';
import type { TextKey } from '../locale/texts.js';
import { announce } from '../ui/announcer.js';
import { Button } from '../ui/button.js';
import { closeText } from '../ui/close-text.js';
import { useI18n, type I18n } from '../ui/i18n.js';
import { Icon } from '../ui/icon.js';
import { useValue } from '../ui/value.js';
import { closed, disconnect, isDropped, retryNow, type CloseReport } from './link.js';

const TICK_MS = 200;

/** Codes that nobody sent: the browser stands them in, and they tell a person nothing. */
const UNSENT: Readonly<Record<number, TextKey>> = {
  [CLOSE_CODES.abnormal.code]: 'banner.lost',
  [CLOSE_CODES.noStatus.code]: 'banner.noCode',
};

interface BannerProps {
  readonly client: AgentClient;
  /** What is wrong with what the person wrote. */
  readonly problem: string | undefined;
  readonly onDismiss: () => void;
}

/** Says how the connection ended and when the page comes back, or what is wrong with what the person wrote. */
export function Banner({ client, problem, onDismiss }: BannerProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const { state, delayMs, attempt } = useConnection(client);
  const report = useValue(closed);
  const dropped = useValue(isDropped);
  const leavesIn = useGoingAway(client);
  const isComingBack = dropped || state === 'waiting' || (state === 'connecting' && report !== undefined);
  const [title, text = ''] = dropped
    ? [t('banner.droppedTitle'), t('banner.dropped')]
    : leavesIn !== undefined && state === 'connected'
      ? [t('banner.goingAwayTitle'), t('banner.goingAway', { seconds: (leavesIn / 1000).toFixed(1) })]
      : problem !== undefined
        ? [problem]
        : state === 'connected' || (report === undefined && !isComingBack)
          ? []
          : closeTitle(report, i18n);
  if (title === undefined) return null;
  return (
    <div class="banner" id="banner" data-tone={dropped || state === 'connected' ? 'warn' : 'bad'}>
      <Icon name="alert" />
      <p>
        <strong>{title}</strong> {text}
      </p>
      <div class="banner-actions">
        {state === 'waiting' && <Countdown key={attempt} delayMs={delayMs ?? 0} attempt={attempt ?? 1} />}
        {isComingBack ? (
          <>
            <Button label={t('banner.retry')} onClick={retryNow} />
            <Button label={t('banner.stop')} id="banner-stop" onClick={disconnect} />
          </>
        ) : (
          <Button
            kind="icon"
            icon="close"
            label={t('banner.dismiss')}
            onClick={() => {
              closed.set(undefined);
              onDismiss();
            }}
          />
        )}
      </div>
    </div>
  );
}

function Countdown({ delayMs, attempt }: { readonly delayMs: number; readonly attempt: number }) {
  const { t } = useI18n();
  const [until] = useState(() => performance.now() + delayMs);
  const [, tick] = useReducer<number, undefined>((count) => count + 1, 0);
  useEffect(() => {
    const timer = setInterval(() => tick(undefined), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, (until - performance.now()) / 1000).toFixed(1);
  return <span class="banner-countdown">{t('banner.countdown', { seconds, attempt })}</span>;
}

/** How long the page stays away, from when the server says that it leaves until there is another connection. */
function useGoingAway(client: AgentClient): number | undefined {
  const { t } = useI18n();
  const [afterMs, setAfterMs] = useState<number>();
  useEffect(() => {
    const offs = [
      client.on('connected', () => setAfterMs(undefined)),
      client.on('message', (message) => {
        if (message.type !== 'going_away') return;
        const after = Number((message as { readonly reconnect_after_ms?: unknown }).reconnect_after_ms ?? 0);
        setAfterMs(after);
        announce(t('banner.goingAway', { seconds: (after / 1000).toFixed(1) }));
      }),
    ];
    return () => {
      for (const off of offs) off();
    };
  }, [client]);
  return afterMs;
}

function closeTitle(report: CloseReport | undefined, i18n: I18n): readonly [string, string?] {
  const { t } = i18n;
  if (report === undefined) return [t('banner.unreachable')];
  const { code, reason } = report;
  const unsent = UNSENT[code];
  if (unsent !== undefined) return [t(unsent)];
  return [t('banner.closed', { code, reason: reason === '' ? '' : ` · ${reason}` }), closeText(code, i18n)];
}
