import { svg } from './dom.js';

const WIDTH = 220;
const HEIGHT = 56;
const POINTS = 60;

/** A small chart of the newest {@link POINTS} values. What it says is also in its accessible name. */
export class Chart {
  readonly element = svg('svg', {
    class: 'chart',
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    role: 'img',
  });
  readonly #area = svg('path', { class: 'chart-area' });
  readonly #line = svg('path', { class: 'chart-line', 'vector-effect': 'non-scaling-stroke' });

  constructor() {
    for (const y of [0.5, HEIGHT / 2, HEIGHT - 0.5]) {
      this.element.append(
        svg('path', { class: 'chart-grid', d: `M0 ${y}H${WIDTH}`, 'vector-effect': 'non-scaling-stroke' }),
      );
    }
    this.element.append(this.#area, this.#line);
  }

  /** Draws the values, newest at the right edge. Returns the value at the top of the chart. */
  draw(values: readonly number[], label: string): number {
    this.element.setAttribute('aria-label', label);
    const top = niceTop(Math.max(...values, 0));
    const step = WIDTH / (POINTS - 1);
    const left = WIDTH - (values.length - 1) * step;
    const points = values.map((value, index) => {
      const x = (left + index * step).toFixed(1);
      return `${x} ${(HEIGHT - 1 - (value / top) * (HEIGHT - 4)).toFixed(1)}`;
    });
    const line = points.length < 2 ? '' : `M${points.join('L')}`;
    this.#line.setAttribute('d', line);
    this.#area.setAttribute('d', line === '' ? '' : `${line}V${HEIGHT}H${left.toFixed(1)}Z`);
    return top;
  }
}

/** The next 1, 2 or 5 times a power of ten. */
function niceTop(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10) * power;
}
