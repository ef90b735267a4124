/** A tool's answer as the demo repeats it. */
export interface ReadResult {
  readonly value: string;
  readonly failed: boolean;
}

/** Reads what the agent loop tells the model about a call: the JSON of the result, or of an object with `error`. */
export function readResult(content: string): ReadResult {
  const result = parse(content);
  if (isRecord(result) && 'error' in result) {
    const reason = isRecord(result['error'])
      ? (result['error']['error'] ?? result['error']['message'])
      : result['error'];
    return { value: asText(reason), failed: true };
  }
  return { value: asText(result), failed: false };
}

/** The `expression` of a calculator call, from its arguments. */
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
