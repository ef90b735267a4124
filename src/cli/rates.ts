import type { RateLimits } from '../message/rate-limits.js';
import type { Rate } from '../runtime/token-bucket.js';
import type { ValueType } from './value-types.js';

const ENTRY = /^(\w+)(?:\.(\w+))?=(?:(off)|(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?))$/;

/** `on`, `off`, or limits such as `queries.perAddress=20/1`, where the server checks the names and numbers. */
export const rates: ValueType<RateLimits | false> = {
  placeholder: 'rates',
  rule: '"on", "off", or entries such as queries.perAddress=20/1 (20 at once, 1 a second) or tokens=off, with commas between them',
  parse: (value) => {
    if (/^(?:on|true|yes|1)$/i.test(value)) return {};
    if (/^(?:off|false|no|0)$/i.test(value)) return false;
    const limits: Record<string, Record<string, Rate | false> | false> = {};
    for (const part of value.split(',')) {
      const match = ENTRY.exec(part.trim());
      if (match === null) return undefined;
      const [, name = '', scope, off, burst, perSecond] = match;
      const rate: Rate | false = off === undefined && { burst: Number(burst), perSecond: Number(perSecond) };
      if (scope !== undefined) limits[name] = { ...(limits[name] || {}), [scope]: rate };
      // A rate without a scope says nothing of whom it counts.
      else if (rate === false) limits[name] = false;
      else return undefined;
    }
    return limits;
  },
  show: (limits) => {
    if (limits === false) return 'off';
    const entries = Object.entries(limits).flatMap(([name, scopes]: [string, object | false | undefined]) =>
      scopes === false
        ? [`${name}=off`]
        : Object.entries(scopes ?? {}).map(([scope, rate]) => `${name}.${scope}=${showRate(rate as Rate | false)}`),
    );
    return entries.length === 0 ? 'on' : entries.join(',');
  },
};

function showRate(rate: Rate | false): string {
  return rate === false ? 'off' : `${rate.burst}/${rate.perSecond}`;
}
