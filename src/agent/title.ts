/** Maximum length of a title, in characters. */
const TITLE_LENGTH = 80;

/** The title of a conversation, made of its first question. */
export function titleOf(query: string): string {
  const characters = Array.from(query.slice(0, 1_000).trim().replaceAll(/\s+/g, ' '));
  return characters.length <= TITLE_LENGTH ? characters.join('') : `${characters.slice(0, TITLE_LENGTH - 1).join('')}…`;
}
