import type { SchemaNode } from './json-schema-at.js';

type Bound = number | bigint | undefined;

/** A range: `least` and `most` are inside, `above` and `below` are outside. */
interface Bounds {
  readonly least?: Bound;
  readonly above?: Bound;
  readonly most?: Bound;
  readonly below?: Bound;
}

/** An issue of zod about a value that is too small or too big. */
export interface RangeIssue {
  readonly code: string;
  readonly origin?: unknown;
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
  readonly inclusive?: boolean;
  readonly exact?: boolean;
}

/** What is counted of a value, and the names of its bounds in JSON Schema. */
const SIZED: Readonly<Record<string, { unit: string; least: string; most: string }>> = {
  string: { unit: 'character', least: 'minLength', most: 'maxLength' },
  array: { unit: 'item', least: 'minItems', most: 'maxItems' },
  set: { unit: 'item', least: 'minItems', most: 'maxItems' },
  map: { unit: 'entry', least: '', most: '' },
  file: { unit: 'byte', least: '', most: '' },
};

const NUMBERS = ['number', 'int', 'bigint'];

/** The whole range: the issue has the bound that was crossed, the schema also the other one. */
export function rangeRule(issue: RangeIssue, value: unknown, schema: SchemaNode = {}): string | undefined {
  const origin = String(issue.origin);
  const sized = Object.hasOwn(SIZED, origin) ? SIZED[origin] : undefined;
  if (sized === undefined)
    return NUMBERS.includes(origin) ? `must be ${within(numberBounds(issue, schema))}` : undefined;
  const { least, most } = crossed(issue, {
    least: bound(schema[sized.least]),
    most: bound(schema[sized.most]),
  });
  if (issue.exact === true || (least !== undefined && least === most)) {
    return `must have exactly ${count(least ?? most, sized.unit)}`;
  }
  if (Number(least) === 1 && (value === '' || most === undefined)) return 'must not be empty';
  if (least === undefined) return `must have at most ${count(most, sized.unit)}`;
  if (most === undefined) return `must have at least ${count(least, sized.unit)}`;
  return `must have ${least} to ${count(most, sized.unit)}`;
}

function numberBounds(issue: RangeIssue, schema: SchemaNode): Bounds {
  return crossed(issue, {
    least: bound(schema['minimum']),
    above: bound(schema['exclusiveMinimum']),
    most: bound(schema['maximum']),
    below: bound(schema['exclusiveMaximum']),
  });
}

function crossed({ code, minimum, maximum, inclusive = true }: RangeIssue, bounds: Bounds): Bounds {
  if (code === 'too_small')
    return { ...bounds, least: undefined, above: undefined, [inclusive ? 'least' : 'above']: minimum };
  return { ...bounds, most: undefined, below: undefined, [inclusive ? 'most' : 'below']: maximum };
}

/** The bound, unless it is the limit of all integers. */
function bound(value: unknown): number | undefined {
  return typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined;
}

function within({ least, above, most, below }: Bounds): string {
  if (least !== undefined && most !== undefined) return `from ${least} to ${most}`;
  const said = [
    least !== undefined && `at least ${least}`,
    above !== undefined && `more than ${above}`,
    most !== undefined && `at most ${most}`,
    below !== undefined && `less than ${below}`,
  ];
  return said.filter((part) => part !== false).join(' and ');
}

function count(amount: Bound, unit: string): string {
  if (Number(amount) === 1) return `1 ${unit}`;
  return `${amount ?? 0} ${unit === 'entry' ? 'entries' : `${unit}s`}`;
}
