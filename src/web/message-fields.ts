import type { Message } from './frames.js';

/** What an error said. */
export interface Failure {
  readonly text: string;
  readonly code: string | undefined;
  readonly retryable: boolean | undefined;
  readonly retryAfterMs: number | undefined;
  readonly issues: readonly { readonly path: string; readonly message: string }[];
}

/** A field that holds a string. */
export function textOf(message: Message, field: string): string | undefined {
  const value = message[field];
  return typeof value === 'string' ? value : undefined;
}

/** A field that holds a number. */
export function numberOf(message: Message, field: string): number | undefined {
  const value = message[field];
  return typeof value === 'number' ? value : undefined;
}

/** A field that holds objects. */
export function listOf(message: Message, field: string): readonly Message[] {
  const value = message[field];
  return Array.isArray(value) ? (value as readonly Message[]) : [];
}

/** What an `error` message said. */
export function failureOf(message: Message): Failure {
  return {
    text: textOf(message, 'error') ?? '',
    code: textOf(message, 'code'),
    retryable: typeof message['retryable'] === 'boolean' ? message['retryable'] : undefined,
    retryAfterMs: numberOf(message, 'retry_after_ms'),
    issues: listOf(message, 'issues') as unknown as Failure['issues'],
  };
}
