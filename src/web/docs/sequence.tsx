import type { DocsTexts, SequenceName } from '../locale/docs-texts.js';
import { fill } from '../ui/fill.js';

type Actor = keyof DocsTexts['actors'];
type Note = keyof DocsTexts['notes'];
/** A message on its way. `late`: by how many lines it arrives after it was sent. */
interface Arrow {
  readonly from: Actor;
  readonly to: Actor;
  readonly label: string;
  readonly late?: number;
}

/** The examples of the protocol, as diagrams. */
const SEQUENCES: Readonly<
  Record<SequenceName, { readonly actors: readonly Actor[]; readonly lines: readonly (Arrow | Note)[] }>
> = {
  stream: {
    actors: ['client', 'server'],
    lines: [
      up('streaming_query  run_id 6f1c…'),
      down('accepted'),
      down('stream_start  seq 1'),
      down('stream_chunk "Hel"  seq 2'),
      down('stream_chunk "lo"  seq 3'),
      down('stream_end  seq 4'),
    ],
  },
  resume: {
    actors: ['client', 'server'],
    lines: [
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
  },
  approval: {
    actors: ['tabA', 'server', 'tabB'],
    lines: [
      { from: 'server', to: 'tabA', label: 'approval_request  seq 4' },
      { from: 'server', to: 'tabB', label: 'approval_request  seq 4' },
      { from: 'tabA', to: 'server', label: 'approval  approved: true' },
      { from: 'tabB', to: 'server', label: 'approval  approved: false' },
      { from: 'server', to: 'tabA', label: 'approval_resolved  true  seq 5' },
      { from: 'server', to: 'tabB', label: 'approval_resolved  true  seq 5' },
      { from: 'server', to: 'tabA', label: 'approval_resolved  true' },
      { from: 'server', to: 'tabB', label: 'approval_resolved  true' },
      { from: 'server', to: 'tabA', label: 'stream_tool_result  seq 6' },
      { from: 'server', to: 'tabB', label: 'stream_tool_result  seq 6' },
    ],
  },
  cancel: {
    actors: ['client', 'server'],
    lines: [
      down('stream_chunk  seq 3'),
      { ...up('cancel  run_id 6f1c…'), late: 1.7 },
      { ...down('stream_end  seq 4'), late: 0.7 },
      down('cancelled  outcome already_finished'),
    ],
  },
};

function up(label: string): Arrow {
  return { from: 'client', to: 'server', label };
}

function down(label: string): Arrow {
  return { from: 'server', to: 'client', label };
}

const WIDTH = 640;
const ROW = 38;
const TOP = 64;

/** A sequence of messages as a drawing, and as a list for those who do not see it. */
export function Sequence({ name, texts }: { readonly name: SequenceName; readonly texts: DocsTexts }) {
  const { actors, lines } = SEQUENCES[name];
  const { title, about } = texts.sequences[name];
  const id = `sequence-${name}`;
  const x = (actor: Actor): number => (WIDTH / actors.length) * (actors.indexOf(actor) + 0.5);
  const y = (line: number): number => TOP + ROW * (line + 0.6);
  const height = TOP + ROW * (lines.length + 0.4);
  return (
    <figure class="sequence" id={id}>
      <h3>{title}</h3>
      <p>{about}</p>
      <div class="scroll" tabIndex={0}>
        <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={`${title}. ${about}`}>
          {actors.map((actor) => (
            <g class="actor">
              <line x1={x(actor)} x2={x(actor)} y1={40} y2={height} />
              <rect x={x(actor) - 56} y={8} width={112} height={32} rx={8} />
              <text x={x(actor)} y={29}>
                {texts.actors[actor]}
              </text>
            </g>
          ))}
          {lines.map((line, index) =>
            typeof line === 'string' ? (
              <g class="note">
                <rect x={WIDTH / 2 - 170} y={y(index) - 20} width={340} height={28} rx={6} />
                <text x={WIDTH / 2} y={y(index) - 1}>
                  {texts.notes[line]}
                </text>
              </g>
            ) : (
              <ArrowLine
                from={x(line.from)}
                to={x(line.to)}
                sent={y(index)}
                arrives={y(index + (line.late ?? 0))}
                line={line}
              />
            ),
          )}
        </svg>
      </div>
      <details>
        <summary>{texts.asText}</summary>
        <ol>
          {lines.map((line) => (
            <li>
              {typeof line === 'string' ? (
                texts.notes[line]
              ) : (
                <>
                  {fill('{from} → {to}: ', { from: texts.actors[line.from], to: texts.actors[line.to] })}
                  <code>{line.label}</code>
                </>
              )}
            </li>
          ))}
        </ol>
      </details>
    </figure>
  );
}

interface ArrowLineProps {
  readonly from: number;
  readonly to: number;
  readonly sent: number;
  readonly arrives: number;
  readonly line: Arrow;
}

function ArrowLine({ from, to, sent, arrives, line }: ArrowLineProps) {
  const side = to > from ? -1 : 1;
  const slope = (arrives - sent) / (to - from);
  const tip = (dx: number, dy: number): string => `${to + side * dx},${arrives + side * dx * slope + dy}`;
  // Beside a slanted arrow its label stands where it was sent.
  const at = line.late === undefined ? 0.5 : 0.27;
  return (
    <g class={line.from === 'server' ? 'arrow down' : 'arrow up'}>
      <line x1={from} y1={sent} x2={to} y2={arrives} />
      <path d={`M${tip(9, -5)} L${to},${arrives} L${tip(9, 5)}`} />
      <text x={from + (to - from) * at} y={sent + (arrives - sent) * at - (line.late === undefined ? 6 : 12)}>
        {line.label}
      </text>
    </g>
  );
}
