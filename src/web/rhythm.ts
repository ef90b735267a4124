import type { Answer } from './answer.js';
import { el } from './dom.js';

const HEIGHT = 22;
const BAR = 2;
const GAP = 1;

/**
 * The rhythm of an answer: a strip from the question to the end on which every arrival leaves a mark. The empty
 * stretch at its left is the wait for the first token; holes further right are stalls.
 */
export class RhythmView {
  readonly element = el('canvas', { class: 'rhythm', role: 'img' });

  draw(answer: Answer): void {
    const canvas = this.element;
    const width = canvas.clientWidth;
    const context = canvas.getContext('2d');
    if (width === 0 || context === null) return;
    const scale = window.devicePixelRatio;
    if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
    if (canvas.height !== Math.round(HEIGHT * scale)) canvas.height = Math.round(HEIGHT * scale);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, HEIGHT);
    const style = getComputedStyle(canvas);
    const slots = Math.floor(width / (BAR + GAP));
    const weights = new Array<number>(slots).fill(0);
    const span = Math.max(answer.elapsedMs, 1);
    for (const { at, weight } of answer.arrivals.all) {
      const slot = Math.min(slots - 1, Math.floor(((at - answer.sentAt) / span) * slots));
      weights[slot] = (weights[slot] ?? 0) + weight;
    }
    const most = Math.max(...weights, 1);
    const firstSlot = weights.findIndex((weight) => weight > 0);
    for (const [slot, weight] of weights.entries()) {
      const waiting = firstSlot === -1 || slot < firstSlot;
      // The square root keeps single tokens visible beside a burst.
      const height = weight === 0 ? 2 : 4 + (HEIGHT - 4) * Math.sqrt(weight / most);
      context.fillStyle = weight > 0 ? style.color : style.getPropertyValue(waiting ? '--wait' : '--rest');
      context.fillRect(slot * (BAR + GAP), (HEIGHT - height) / 2, BAR, height);
    }
  }
}
