import type { AgentClient } from '../../client/index.js';
import { Button } from '../ui/button.js';
import { useI18n, type I18n } from '../ui/i18n.js';
import { useConnection } from '../../client/react.js';
import { useValue } from '../ui/value.js';
import type { Ask, Question } from './ask.js';
import { drop } from './link.js';
import { liveRuns } from './tracks.js';

type Translate = I18n['t'];

/** What can be asked with one press. */
export const QUICK = {
  stream: (t: Translate): Question => ({ request: { kind: 'streaming_query', title: t('quick.stream.query') } }),
  agent: (t: Translate): Question => ({ request: { kind: 'agent_query', title: t('quick.agent.query') } }),
  calculator: (): Question => ({
    request: { kind: 'tool_call', title: 'calculator', params: { expression: '123 + 456' } },
  }),
};

interface QuickActionsProps {
  readonly client: AgentClient;
  readonly ask: Ask;
  readonly onClear: () => void;
}

/** Buttons that do something at once. What stops things stands beside the row that scrolls, always in sight. */
export function QuickActions({ client, ask, onClear }: QuickActionsProps) {
  const { t } = useI18n();
  const { state } = useConnection(client);
  const live = useValue(liveRuns);
  const cancelAll = (): void => {
    for (const run of live) void run.cancel();
  };
  return (
    <div class="quick" role="group" aria-label={t('quick.label')}>
      <div class="quick-row">
        <Button kind="chip" icon="stream" label={t('quick.stream')} onClick={() => ask(QUICK.stream(t))} />
        <Button kind="chip" icon="whole" label={t('quick.agent')} onClick={() => ask(QUICK.agent(t))} />
        <Button kind="chip" icon="tool" label={t('quick.calculator')} onClick={() => ask(QUICK.calculator())} />
        <Button
          kind="chip"
          icon="pulse"
          label={t('quick.ping')}
          onClick={() => void client.ping().catch(() => undefined)}
        />
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
        <span class="count" id="live-count">
          {live.length > 0 && live.length}
        </span>
      </Button>
    </div>
  );
}
