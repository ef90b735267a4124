import { MAX_TEXT_LENGTH } from './run-log.js';

/** A text in pieces that a log takes; most texts are one. */
export function textPieces(text: string): readonly string[] {
  if (text.length <= MAX_TEXT_LENGTH) return [text];
  const pieces: string[] = [];
  for (let start = 0; start < text.length;) {
    const end = pieceEnd(text, start);
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}

/** End of the piece that begins at `start`: never inside a surrogate pair. */
function pieceEnd(text: string, start: number): number {
  const end = start + MAX_TEXT_LENGTH;
  if (end >= text.length) return text.length;
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}
