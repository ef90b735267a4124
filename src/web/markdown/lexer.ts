import { Lexer, Tokenizer, type Links, type MarkedToken, type TokensList } from 'marked';

/** A piece of Markdown that marked knows; nothing here adds others. */
export type Token = MarkedToken;

/*
 * CommonMark decides by the characters beside a run of `*` whether the run opens or closes an emphasis, and takes
 * punctuation inside and a letter outside as a sign that it does not. Chinese, Japanese and Korean are written without
 * spaces, so that `**（重点）**文字` stays as it is. The CJK-friendly amendments to CommonMark mend this: punctuation of
 * these scripts counts as a letter inside a run, and each of their characters as punctuation outside.
 */

/** A character of a script written without spaces, its punctuation and its full-width forms. */
const CJK =
  '[\\u1100-\\u11FF\\u2E80-\\u2FFF\\u3001-\\uA4CF\\uA960-\\uA97F\\uAC00-\\uD7FF\\uF900-\\uFAFF\\uFE10-\\uFE1F' +
  '\\uFE30-\\uFE6F\\uFF01-\\uFFEE\\u{1B000}-\\u{1B2FF}\\u{20000}-\\u{3FFFF}]';
const PUNCTUATION = `(?:(?!${CJK}|~)[\\p{P}\\p{S}])`;
const LETTER = `(?:(?!${CJK})[^\\s\\p{P}\\p{S}]|~)`;
const INNER = `(?:${CJK}|${LETTER})`;

/**
 * What may close an emphasis, in the groups that marked expects: 1 and 2 only close, 3 and 4 only open, 5 and 6 do both.
 * `mark` is one star or two tildes, as a pattern.
 */
function closing(mark: string, skipped: string): RegExp {
  const run = `(${mark}+)(?!${mark})`;
  const before = (next: string): string => `(?=${mark}+(?!${mark})(?:${next}))`;
  return new RegExp(
    [
      ...(skipped === '' ? [] : [skipped]),
      `[^${mark}]+(?=[^${mark}])`,
      `(?!${mark})${PUNCTUATION}${run}(?=\\s|$)`,
      `(?:${LETTER}${before(`${PUNCTUATION}|\\s|$`)}|${CJK}${before('\\s|$')})${run}`,
      `(?!${mark})(?:${PUNCTUATION}${before(LETTER)}|\\s${before(INNER)})${run}`,
      `\\s${run}(?=${PUNCTUATION})`,
      `(?!${mark})(?:${PUNCTUATION}${before(`${PUNCTUATION}|${CJK}`)}|${CJK}${before(PUNCTUATION)})${run}`,
      `${INNER}${run}(?=${INNER})`,
    ].join('|'),
    'gu',
  );
}

const INLINE = {
  punctuation: new RegExp(`^(?![*_])(?:\\s|${PUNCTUATION}|${CJK})`, 'u'),
  emStrongLDelim: new RegExp(
    `^(?:\\*+(?:((?!\\*)${PUNCTUATION})|([^\\s*]))?)|^_+(?:((?!_)${PUNCTUATION})|([^\\s_]))?`,
    'u',
  ),
  emStrongRDelimAst: closing('\\*', '^[^_*]*?__[^_*]*?\\*[^_*]*?(?=__)'),
  // One tilde is a range, as in 3~5.
  delLDelim: new RegExp(`^~~(?:((?!~)${PUNCTUATION})|[^\\s~])`, 'u'),
  delRDelim: closing('~', ''),
  // An address ends before the punctuation of a Chinese sentence, and its host before any Chinese.
  url: new RegExp(
    `^(https?://|www\\.)(?:[a-z0-9-]+\\.?)+(?::\\d+)?(?:[/?#](?:(?!(?=${CJK})\\p{P})[^\\s<])*)?|^[\\w.+-]+(@)[\\w-]+(?:\\.[\\w-]*[a-z0-9])+(?![\\w-])`,
    'iu',
  ),
};

/** How deep quotes, lists and emphases may stand inside each other. What is deeper is shown as it is written. */
const MAX_DEPTH = 50;

/** A lexer that bounds the depth: reading and drawing are recursive, and a row of `>` would overflow the stack. */
class ShallowLexer extends Lexer {
  #depth = 0;

  override blockTokens(source: string, tokens: unknown[] = [], isClipped?: boolean): TokensList {
    return this.#deeper(source, tokens, (into) => super.blockTokens(source, into, isClipped));
  }

  override inlineTokens(source: string, tokens: unknown[] = []): TokensList {
    return this.#deeper(source, tokens, (into) => super.inlineTokens(source, into));
  }

  #deeper(source: string, tokens: unknown[], read: (into: TokensList) => unknown): TokensList {
    const into = tokens as unknown as TokensList;
    if (this.#depth === MAX_DEPTH) into.push({ type: 'text', raw: source, text: source });
    else {
      this.#depth++;
      read(into);
      this.#depth--;
    }
    return into;
  }
}

/** The blocks of a text, read as GitHub does, with line breaks kept and {@link INLINE} for scripts without spaces. */
export function readBlocks(text: string, links: Links = {}): readonly Token[] {
  const tokenizer = new Tokenizer();
  const lexer = new ShallowLexer({ gfm: true, breaks: true, tokenizer });
  tokenizer.rules = { ...tokenizer.rules, inline: { ...tokenizer.rules.inline, ...INLINE } };
  // Addresses that the text defines are added to those given.
  lexer.tokens.links = links;
  return known(lexer.lex(text));
}

/** Tokens inside a token, as what they are. */
export function known(tokens: readonly { readonly type: string }[]): readonly Token[] {
  return tokens as readonly Token[];
}
