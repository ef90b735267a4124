import { hasBrand } from '../protocol/branded.js';

const BRAND = Symbol.for('agent-ws.OptionError');

/**
 * Thrown at construction for an option that is unknown or breaks its rule; the message names option, rule and value.
 */
export class OptionError extends TypeError {
  /** The option, dotted if it is nested: `heartbeat.intervalMs`. */
  readonly option: string;

  /** With a value: the rule that the value breaks. Without: the whole sentence. */
  constructor(option: string, ...why: [rule: string, received: unknown] | [sentence: string]) {
    super(why.length === 1 ? why[0] : `Option "${option}" must be ${why[0]}, received ${show(why[1])}`);
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

/** The error for a value that may be secret: only what may be said of it is shown. */
export function secretError(option: string, rule: string, received = 'other text'): OptionError {
  return new OptionError(option, `Option "${option}" must be ${rule}, received ${received}`);
}
