// What the upstream says. Mostly plain words, with the characters that need an escape in JSON and the
// ones outside ASCII at about the rate prose has them: a reader that only handles plain text must fail.
const WORDS =
  ' the| server| sends| every| token| as| it| comes|,| and| the| reader| joins| them|.|\n\n| A| run| writes| a| log|;|' +
  ' connections| read| it|.| He| said| "|yes|",| then| left|.| 你好|,| 世界|。| It| cost| 5| €| or| so|.|\n|-| first|' +
  ' point|\n|-| second| point| with| a| back\\slash| and| an| emoji| 😀|.| That| is| all| of| it';

/** The tokens, in order. Stream `n` starts with token `n` modulo their number, so that no two neighbours say the same. */
export const TOKENS = WORDS.split('|');

/** The whole text of a stream. */
export function expectedText(stream, count) {
  let text = '';
  for (let i = 0; i < count; i++) text += TOKENS[(stream + i) % TOKENS.length];
  return text;
}

/** How much text a token holds on average, in UTF-16 units. */
export const UNITS_PER_TOKEN = TOKENS.join('').length / TOKENS.length;

/**
 * The question that tells the upstream what to answer.
 * @param {{ stream: number, tokens: number, intervalMs: number, perPacket: number, ownChunks?: boolean, lateEnd?: boolean }} plan
 *   `intervalMs` 0: as fast as the reader takes it. `ownChunks`: every token of a packet in its own HTTP chunk.
 *   `lateEnd`: the response ends a turn of the event loop after `[DONE]`, in a packet of its own.
 */
export function question({ stream, tokens, intervalMs, perPacket, ownChunks = false, lateEnd = false }) {
  return `bench ${stream} ${tokens} ${intervalMs} ${perPacket} ${ownChunks ? 1 : 0} ${lateEnd ? 1 : 0} end`;
}

const QUESTION = /bench (\d+) (\d+) (\d+) (\d+) ([01]) ([01]) end/;

/** The reverse of {@link question}, out of the body of a request. */
export function planIn(body) {
  const match = QUESTION.exec(body);
  if (!match) return null;
  const [stream, tokens, intervalMs, perPacket, ownChunks, lateEnd] = match.slice(1).map(Number);
  return { stream, tokens, intervalMs, perPacket, ownChunks: ownChunks === 1, lateEnd: lateEnd === 1 };
}
