/** Draws one piece of an answer and keeps it up to date. */
export interface DrawnPiece {
  readonly element: HTMLElement;
  /** `isLast`: nothing has followed this piece so far. */
  update(isLast: boolean): void;
}
