/** The result of a tool, as text for the answer. */
export interface ReadResult {
  readonly value: string;
  readonly failed: boolean;
}

/** A moment in the form of `current_time`. */
export interface Moment {
  /** `2026-11-22` */
  readonly date: string;
  /** `17:05` */
  readonly time: string;
  /** `Asia/Shanghai` */
  readonly zone: string;
}

/** Reads a tool message of the agent loop: the JSON of the result, or of an object with `error`. */
export function readResult(content: string): ReadResult {
  const result = parse(content);
  return isRecord(result) && 'error' in result
    ? { value: asText(result['error']), failed: true }
    : { value: asText(result), failed: false };
}

/** Reads the result of `current_time`; `undefined` if another tool of that name returns something else. */
export function readMoment(content: string): Moment | undefined {
  const result = parse(content);
  if (!isRecord(result)) return undefined;
  const { time: stamp, time_zone: zone } = result;
  if (typeof stamp !== 'string' || typeof zone !== 'string') return undefined;
  const [, date, time] = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})/.exec(stamp) ?? [];
  return date === undefined || time === undefined ? undefined : { date, time, zone };
}

/** Reads the `expression` of a calculator call. */
export function readExpression(args: string | undefined): string | undefined {
  const params = args === undefined ? undefined : parse(args);
  return isRecord(params) && typeof params['expression'] === 'string' ? params['expression'] : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
