import { readFileSync } from 'node:fs';

const LINE = /^ACL SETUSER agent on >PASSWORD (.*)$/m;

/** The user of Redis that the documentation describes. */
export const REDIS_USER = 'agent';
/** A password with characters that mean something in an address. */
export const REDIS_PASSWORD = 'Se/cret:of@agent%';

/**
 * The command that makes the user of the documentation, for prefixes of tests instead of `aw`.
 * @param change - changes the rights
 */
export function makeRedisUser(change: (right: string) => string = (right) => right): string[] {
  const docs = readFileSync(new URL('../../docs/cluster.md', import.meta.url), 'utf8');
  const [, line] = LINE.exec(docs) ?? [];
  if (line === undefined) throw new Error('docs/cluster.md has no line for ACL SETUSER');
  const rights = line.split(' ').map((right) => right.replace('aw:', 'test-*:').replace('{aw}', '{test-*}'));
  return ['ACL', 'SETUSER', REDIS_USER, 'reset', 'on', `>${REDIS_PASSWORD}`, ...rights.map(change).filter(Boolean)];
}
