/** Gathers what has to be drawn and draws it once per animation frame, however many messages arrive in between. */
export class Painter {
  readonly #due = new Set<() => void>();
  #scheduled = false;

  /** Draws with the next frame. The same function is drawn once. */
  schedule(draw: () => void): void {
    this.#due.add(draw);
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      const due = [...this.#due];
      this.#due.clear();
      for (const each of due) each();
    });
  }
}
