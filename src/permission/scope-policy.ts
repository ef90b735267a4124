import type { Logger } from '../runtime/logger.js';
import type { Decide } from './decide.js';
import { Grants } from './grants.js';

/** Maximum number of scopes that are remembered as logged. */
const MAX_LOGGED = 100;

/** Maximum length of a scope in the log. */
const MAX_SHOWN = 100;

/** A principal without scopes may do everything, one with scopes what they grant. */
export function scopePolicy(logger: Logger): Decide {
  /** By list of scopes: a list is read once, however many principals and checks there are. */
  const read = new WeakMap<readonly unknown[], Grants>();
  const logged = new Set<string>();

  function report(scope: unknown, isMalformed: boolean): void {
    const shown = typeof scope === 'string' ? scope.slice(0, MAX_SHOWN) : typeof scope;
    if (logged.size >= MAX_LOGGED || logged.has(shown)) return;
    logged.add(shown);
    if (isMalformed) logger.warn({ scope: shown }, 'A scope is malformed and grants nothing');
    // Tokens often have scopes of other services.
    else logger.info({ scope: shown }, 'A scope grants nothing here');
  }

  function grantsOf(scopes: readonly unknown[]): Grants {
    let grants = read.get(scopes);
    if (grants === undefined) {
      grants = new Grants(scopes, report);
      read.set(scopes, grants);
    }
    return grants;
  }

  return ({ scopes }, action, resource) => {
    if (scopes === undefined) return true;
    if (Array.isArray(scopes)) return grantsOf(scopes).has(action, resource);
    // A hook written without a compiler may give a string or null, which must not count as no scopes.
    report(scopes, true);
    return false;
  };
}
