/** The wall clock of Redis, by which the clocks of two nodes are compared. */
export class SharedClock {
  /** How far the wall clock of this node is ahead, in milliseconds. */
  aheadMs = 0;

  /** Takes what Redis has just said, as Unix milliseconds. */
  see(time: number): void {
    this.aheadMs = Date.now() - time;
  }
}
