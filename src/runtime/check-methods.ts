import { OptionError } from './option-error.js';

/**
 * Returns the value if it has these methods.
 * @throws OptionError otherwise.
 */
export function checkMethods<T>(option: string, what: string, value: T, methods: readonly string[]): T {
  const members = Object(value) as Record<string, unknown>;
  if (methods.every((method) => typeof members[method] === 'function')) return value;
  throw new OptionError(option, what, value);
}
