import { hasBrand } from './branded.js';

const BRAND = Symbol.for('agent-ws.OptionError');

/** Thrown at construction for an option that breaks its rule; the message names option, rule and value. */
export class OptionError extends TypeError {
  /** The option, dotted where it is nested: `heartbeat.intervalMs`. */
  readonly option: string;

  constructor(option: string, rule: string, received: unknown) {
    super(`Option "${option}" must be ${rule}, received ${show(received)}`);
    this.name = 'OptionError';
    this.option = option;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Like `instanceof`, but also true for an error made by another copy of this package. */
  static isInstance(value: unknown): value is OptionError {
    return hasBrand(value, BRAND);
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}
