import { Button } from '../ui/button.js';
import { useI18n } from '../ui/i18n.js';
import type { IconName } from '../ui/icon.js';
import type { TextKey } from '../locale/texts.js';
import type { Ask } from './ask.js';
import { QUICK } from './quick-actions.js';

interface WelcomeProps {
  readonly ask: Ask;
  readonly onPing: () => void;
}

/** A type of message and the direction it goes; `lost` is no message. */
type Frame = readonly [direction: 'out' | 'in' | 'in many' | 'lost', type: string];

const STREAM: readonly Frame[] = [
  ['out', 'streaming_query'],
  ['in', 'stream_start'],
  ['in many', 'stream_chunk'],
  ['in', 'stream_end'],
];

/** What stands in an empty conversation: one thing to try in each line, and the frames it sends and receives. */
export function Welcome({ ask, onPing }: WelcomeProps) {
  const { t } = useI18n();
  const lost: readonly Frame[] = [
    ['out', 'streaming_query'],
    ['lost', t('welcome.lost')],
    ['out', 'resume'],
    ['in', 'resumed'],
    ['in many', 'stream_chunk'],
  ];
  const whole: readonly Frame[] = [
    ['out', 'agent_query'],
    ['in', 'status'],
    ['in', 'agent_response'],
  ];
  const lessons: readonly (readonly [TextKey, IconName, readonly Frame[], () => void])[] = [
    ['welcome.stream', 'stream', STREAM, () => ask(QUICK.stream(t))],
    ['welcome.agent', 'whole', whole, () => ask(QUICK.agent(t))],
    [
      'welcome.tool',
      'tool',
      [
        ['out', 'tool_call'],
        ['in', 'tool_result'],
      ],
      () => ask(QUICK.calculator()),
    ],
    ['welcome.resume', 'cut', lost, () => ask({ ...QUICK.stream(t), isToBeDropped: true })],
    [
      'welcome.ping',
      'pulse',
      [
        ['out', 'ping'],
        ['in', 'pong'],
      ],
      onPing,
    ],
  ];
  return (
    <div class="welcome" id="welcome">
      <h2>{t('welcome.title')}</h2>
      <p class="welcome-text">{t('welcome.text')}</p>
      <ol class="lessons">
        {lessons.map(([key, icon, frames, onClick]) => (
          <li key={key} class="lesson">
            <Button class="lesson-button" icon={icon} label={t(key)} onClick={onClick} />
            <p class="frames">
              {frames.map(([direction, type]) => (
                <code key={type} class={direction}>
                  {type}
                </code>
              ))}
            </p>
          </li>
        ))}
      </ol>
    </div>
  );
}
