/** `<ServerNumbers>`: what `/ws/statistics` of the server counts, read every 2 s while the panel can be seen. */
import type { RefObject } from 'preact';
import { useCallback, useRef, useState } from 'preact/hooks';
import type { AgentClient } from '../../client/index.js';
import type { TextKey } from '../locale/texts.js';
import { formatClock, formatCount } from '../ui/format.js';
import { useI18n } from '../ui/i18n.js';
import type { Message } from './frames.js';
import { useWhileVisible } from './use-redraw.js';

interface ServerNumbersProps {
  readonly client: AgentClient;
  readonly url: URL;
  readonly panel: RefObject<HTMLElement | null>;
}

const POLL_MS = 2_000;
/** After so long a server that does not answer as expected is asked again. */
const PAUSE_MS = 30_000;

export function ServerNumbers({ client, url: { href }, panel }: ServerNumbersProps) {
  const { t, language } = useI18n();
  const [answer, setAnswer] = useState<Message | TextKey>({});
  const pausedUntil = useRef(0);
  const poll = useCallback(async () => {
    if (performance.now() < pausedUntil.current) return;
    try {
      const response = await fetch(href, { headers: { accept: 'application/json' } });
      if (!response.ok) pausedUntil.current = performance.now() + PAUSE_MS;
      setAnswer(response.ok ? ((await response.json()) as Message) : 'server.unknown');
    } catch {
      setAnswer('server.unreachable');
    }
  }, [href]);
  useWhileVisible(panel, POLL_MS, poll);
  const counts = typeof answer === 'string' ? {} : answer;
  const count = (field: string): string => (field in counts ? formatCount(Number(counts[field]), language) : '–');
  const numbers = [
    ['active', count('active_connections')],
    ['total', count('total_connections')],
    ['messages', count('total_messages')],
    ['own', ownCounts(counts, client.greeting?.connectionId)],
  ] as const;
  return (
    <div class="server">
      <h3>{t('server.title')}</h3>
      {typeof answer === 'string' && <p class="muted-note">{t(answer)}</p>}
      <dl hidden={typeof answer === 'string'}>
        {numbers.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`server.${name}`)}</dt>
            <dd id={`server-${name}`}>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** How many messages the server received from this connection, and for how long it is open. */
function ownCounts({ connections }: Message, connectionId: string | undefined): string {
  const list = Array.isArray(connections) ? (connections as readonly Message[]) : [];
  const own = list.find(({ id }) => id === connectionId);
  return own === undefined ? '–' : `${String(own['message_count'])} · ${formatClock(Number(own['uptime']))}`;
}
