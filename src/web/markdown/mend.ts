import type { Token } from './lexer.js';

/** A line that is about to become a fence. */
const HALF_FENCE = /(^|\n) {0,3}(?:`+|~+)[\w+#.-]*$/;
/** A link whose address has not arrived. */
const HALF_LINK = /!?\[([^\]\n]*)\]\([^)\n]*$/;
/** A mark that opens something and was not closed. One star is as often a product. */
const OPEN_MARK = /(?:^|[^\\])(\*\*|~~|`)[^\s*~`][^*~`]*$/;

/** Completes what has begun at the end of a text that is still arriving, so that no marks flash up. */
export function mend(source: string, tokens: readonly Token[]): string {
  const withoutFence = source.replace(HALF_FENCE, '$1');
  if (withoutFence !== source) return withoutFence;
  const last = innermost(tokens.at(-1));
  if (last?.type !== 'text') return source;
  const withoutAddress = source.replace(HALF_LINK, '$1');
  if (withoutAddress !== source) return withoutAddress;
  const mark = OPEN_MARK.exec(last.raw)?.[1];
  return mark === undefined ? source : source.trimEnd() + mark;
}

/** The last token inside a token. */
function innermost(token: Token | undefined): Token | undefined {
  const inner = token?.type === 'table' ? token.rows.at(-1)?.at(-1)?.tokens : partsOf(token);
  return inner === undefined || inner.length === 0 ? token : innermost(inner.at(-1) as Token);
}

function partsOf(token: Token | undefined): readonly unknown[] | undefined {
  if (token === undefined) return undefined;
  if (token.type === 'list') return token.items;
  return 'tokens' in token ? token.tokens : undefined;
}
