import { useConnection } from '../../client/react.js';
import { useClient } from '../page.js';
import { Button } from '../ui/button.js';
import { useI18n } from '../ui/i18n.js';
import { useValue } from '../ui/signal.js';
import { ask } from './ask.js';
import { drop } from './link.js';
import type { LooseRequest } from './loose.js';
import { liveRuns } from './tracks.js';

/** What can be done with one press, and the frames of it: `>` goes to the server, `<` comes from it, `<*` many times. */
const FRAMES = {
  stream: '>streaming_query <stream_start <*stream_chunk <stream_end',
  agent: '>agent_query <status <agent_response',
  tool: '>tool_call <tool_result',
  resume: '>streaming_query ! >resume <resumed <*stream_chunk',
  ping: '>ping <pong',
};
type Quick = keyof typeof FRAMES;
const ICONS = { stream: 'stream', agent: 'whole', tool: 'tool', resume: 'cut', ping: 'pulse' } as const;
/** Those that have a button. */
const BUTTONS = { stream: 'quick.stream', agent: 'quick.agent', tool: 'quick.calculator', ping: 'quick.ping' } as const;

function useQuick(): Readonly<Record<Quick, () => void>> {
  const { t } = useI18n();
  const client = useClient();
  const stream: LooseRequest = { kind: 'streaming_query', title: t('quick.stream.query') };
  const agent: LooseRequest = { kind: 'agent_query', title: t('quick.agent.query') };
  const tool: LooseRequest = { kind: 'tool_call', title: 'calculator', params: { expression: '123 + 456' } };
  return {
    stream: () => ask(client, { request: stream }),
    agent: () => ask(client, { request: agent }),
    tool: () => ask(client, { request: tool }),
    resume: () => ask(client, { request: stream, isToBeDropped: true }),
    ping: () => void client.ping().catch(() => undefined),
  };
}

/** Buttons that do something at once. What stops things stands beside the row that scrolls, always in sight. */
export function QuickActions({ onClear }: { readonly onClear: () => void }) {
  const { t } = useI18n();
  const { state } = useConnection(useClient());
  const live = useValue(liveRuns);
  const quick = useQuick();
  const cancelAll = (): void => {
    for (const run of live) void run.cancel();
  };
  return (
    <div class="quick line" role="group" aria-label={t('quick.label')}>
      <div class="scroll-row grow">
        {(Object.keys(BUTTONS) as (keyof typeof BUTTONS)[]).map((name) => (
          <Button key={name} kind="chip" icon={ICONS[name]} label={t(BUTTONS[name])} onClick={quick[name]} />
        ))}
        <Button
          kind="chip"
          icon="cut"
          id="drop"
          label={t('quick.drop')}
          aria-describedby="drop-help"
          disabled={state !== 'connected'}
          onClick={drop}
        />
        <span class="visually-hidden" id="drop-help">
          {t('quick.drop.title')}
        </span>
        <Button kind="icon" icon="trash" label={t('conversation.clear')} onClick={onClear} />
      </div>
      <Button
        kind="chip"
        isDanger
        icon="stop"
        label={t('quick.cancel')}
        disabled={live.length === 0}
        onClick={cancelAll}
      >
        <span class="tag" id="live-count">
          {live.length > 0 && live.length}
        </span>
      </Button>
    </div>
  );
}

const WAYS: Readonly<Record<string, readonly string[]>> = { '>': ['out', '↑ '], '<': ['good', '↓ '], '!': ['warn'] };

/** What stands in an empty conversation: one thing to try in each line, and the frames it sends and receives. */
export function Welcome() {
  const { t } = useI18n();
  const quick = useQuick();
  return (
    <div class="welcome" id="welcome">
      <h2>{t('welcome.title')}</h2>
      <p class="soft">{t('welcome.text')}</p>
      <ol class="plain">
        {(Object.keys(FRAMES) as Quick[]).map((name) => (
          <li key={name} class="line wrap">
            <Button class="plain line" icon={ICONS[name]} label={t(`welcome.${name}`)} onClick={quick[name]} />
            <p class="line wrap grow">
              {FRAMES[name].split(' ').map((frame) => {
                const [, way = '!', many, type] = /^([<>!])(\*?)(.*)$/.exec(frame) ?? [];
                const [tone, arrow] = WAYS[way] ?? [];
                return (
                  <code key={frame} class="tag" data-tone={tone}>
                    {arrow}
                    {type || t('welcome.lost')}
                    {many && <span class="muted"> × n</span>}
                  </code>
                );
              })}
            </p>
          </li>
        ))}
      </ol>
    </div>
  );
}
