/** The text of a file. Editors on Windows put a byte order mark before it, which is no part of the text. */
export function textOf(content: Buffer): string {
  return content.toString('utf8').replace(/^\uFEFF/, '');
}
