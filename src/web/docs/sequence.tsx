import type { DocsI18n } from './texts.js';

/** Those who speak, from left to right. */
const ACTORS = ['client', 'tabA', 'server', 'tabB'] as const;
type Actor = (typeof ACTORS)[number];
/** A message on its way. `late`: by how many lines it arrives after it was sent. */
interface Arrow {
  readonly from: Actor;
  readonly to: Actor;
  readonly label: string;
  readonly late?: number;
}

const up = (label: string, from: Actor = 'client'): Arrow => ({ from, to: 'server', label });
const down = (label: string, to: Actor = 'client'): Arrow => ({ from: 'server', to, label });
const toBoth = (label: string): Arrow[] => [down(label, 'tabA'), down(label, 'tabB')];

export const SEQUENCE_NAMES = ['stream', 'resume', 'approval', 'cancel'] as const;
type SequenceName = (typeof SEQUENCE_NAMES)[number];

/** The examples of the protocol, line by line. */
const SEQUENCES: Readonly<Record<SequenceName, readonly (Arrow | 'lost' | 'back')[]>> = {
  stream: [
    up('streaming_query  run_id 6f1c…'),
    down('accepted'),
    down('stream_start  seq 1'),
    down('stream_chunk "Hel"  seq 2'),
    down('stream_chunk "lo"  seq 3'),
    down('stream_end  seq 4'),
  ],
  resume: [
    up('streaming_query  run_id 6f1c…'),
    down('accepted'),
    down('stream_start  seq 1'),
    down('stream_chunk "Hel"  seq 2'),
    'lost',
    'back',
    down('connected  epoch 9b2f…'),
    up('resume  run_id 6f1c…  after 2'),
    down('resumed  after 2  head 5'),
    down('stream_chunk "lo, all"  first_seq 3  seq 5'),
    down('stream_chunk " of you"  seq 6'),
    down('stream_end  seq 7'),
  ],
  approval: [
    ...toBoth('approval_request  seq 4'),
    up('approval  approved: true', 'tabA'),
    up('approval  approved: false', 'tabB'),
    ...toBoth('approval_resolved  true  seq 5'),
    ...toBoth('approval_resolved  true'),
    ...toBoth('stream_tool_result  seq 6'),
  ],
  cancel: [
    down('stream_chunk  seq 3'),
    { ...up('cancel  run_id 6f1c…'), late: 1.7 },
    { ...down('stream_end  seq 4'), late: 0.7 },
    down('cancelled  outcome already_finished'),
  ],
};

const WIDTH = 640;
const ROW = 38;
const TOP = 64;

/** A sequence of messages as a drawing, and as a list for those who do not see it. */
export function Sequence({ name, i18n: { t } }: { readonly name: SequenceName; readonly i18n: DocsI18n }) {
  const lines = SEQUENCES[name];
  const actors = ACTORS.filter((actor) =>
    lines.some((line) => typeof line === 'object' && (line.from === actor || line.to === actor)),
  );
  const title = t(`sequence.${name}`);
  const about = t(`sequence.${name}.about`);
  const x = (actor: Actor): number => (WIDTH / actors.length) * (actors.indexOf(actor) + 0.5);
  const y = (line: number): number => TOP + ROW * (line + 0.6);
  const height = TOP + ROW * (lines.length + 0.4);
  return (
    <article class="sequence" id={`sequence-${name}`}>
      <h3>{title}</h3>
      <p>{about}</p>
      <div class="scroll" tabIndex={0}>
        <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={`${title}. ${about}`}>
          {actors.map((actor) => (
            <g>
              <line x1={x(actor)} x2={x(actor)} y1={40} y2={height} />
              <rect x={x(actor) - 56} y={8} width={112} height={32} rx={8} />
              <text x={x(actor)} y={29}>
                {t(`actor.${actor}`)}
              </text>
            </g>
          ))}
          {lines.map((line, index) =>
            typeof line === 'string' ? (
              <g class="note">
                <rect x={WIDTH / 2 - 170} y={y(index) - 20} width={340} height={28} rx={6} />
                <text x={WIDTH / 2} y={y(index) - 1}>
                  {t(`note.${line}`)}
                </text>
              </g>
            ) : (
              drawArrow(line, [x(line.from), y(index)], [x(line.to), y(index + (line.late ?? 0))])
            ),
          )}
        </svg>
      </div>
      <details>
        <summary>{t('sequence.asText')}</summary>
        <ol>
          {lines.map((line) =>
            typeof line === 'string' ? (
              <li>{t(`note.${line}`)}</li>
            ) : (
              <li>
                {t(`actor.${line.from}`)} → {t(`actor.${line.to}`)}: <code>{line.label}</code>
              </li>
            ),
          )}
        </ol>
      </details>
    </article>
  );
}

type Point = readonly [x: number, y: number];

function drawArrow({ from, label, late }: Arrow, [x1, y1]: Point, [x2, y2]: Point) {
  const side = x2 > x1 ? -1 : 1;
  const slope = (y2 - y1) / (x2 - x1);
  const tip = (dx: number, dy: number): string => `${x2 + side * dx},${y2 + side * dx * slope + dy}`;
  // Beside a slanted arrow its label stands where it was sent.
  const [at, above] = late === undefined ? [0.5, 6] : [0.27, 12];
  return (
    <g class={from === 'server' ? 'arrow down' : 'arrow up'}>
      <line x1={x1} y1={y1} x2={x2} y2={y2} />
      <path d={`M${tip(9, -5)} L${x2},${y2} L${tip(9, 5)}`} />
      <text x={x1 + (x2 - x1) * at} y={y1 + (y2 - y1) * at - above}>
        {label}
      </text>
    </g>
  );
}
