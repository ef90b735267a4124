import { MAX_DELAY_MS, numberSentence, type NumberBounds } from '../runtime/check-number.js';

/** How a setting is written on the command line and in the environment. */
export interface ValueType<T> {
  /** Name of the value in the help: `seconds`. Absent for a switch. */
  readonly placeholder?: string;
  /** The rule in words, to follow "must be". */
  readonly rule: string;
  /** Parses a text; `undefined` if the text breaks the rule. */
  parse(text: string): T | undefined;
  /** The value as it would be written. */
  show(value: T): string;
  /** Whether a text may hold a secret: it is not shown, right or wrong. */
  readonly isSecret?: true;
  /** A sentence about a valid but suspicious text; `undefined` if there is nothing to say. */
  doubt?(text: string): string | undefined;
}

/** Any text that is not blank. */
export function text(placeholder: string): ValueType<string> {
  return { placeholder, rule: 'text that is not blank', parse: (value) => value, show: (value) => value };
}

/** The path of a file. */
export const file: ValueType<string> = {
  ...text('file'),
  // Probably meant as a switch: the file would have that name.
  doubt: (value) => (SWITCH.test(value) ? `it is taken for a file of the name ${JSON.stringify(value)}` : undefined),
};

/** The name of a provider, or the path of a module. */
export const providerPlace: ValueType<string> = {
  placeholder: 'name or file',
  rule: 'one of auto, openai, demo, or the path of a module such as ./provider.mjs',
  parse: (value) => {
    const name = value.toLowerCase();
    return PROVIDERS.includes(name) ? name : isPath(value) ? value : undefined;
  },
  show: (value) => value,
};

const PROVIDERS = ['auto', 'openai', 'demo'];

/** Whether a text is a file path and not a name. */
export function isPath(text: string): boolean {
  return /[./\\]/.test(text);
}

/** `memory`, or `sqlite:` and a path. */
export const storePlace: ValueType<string> = {
  placeholder: 'place',
  rule: '"memory" or "sqlite:" and the path of a file',
  parse: (value) => (value === 'memory' || /^sqlite:./.test(value) ? value : undefined),
  show: (value) => value,
};

/** The address of Redis, which may hold a password. */
export const redisAddress: ValueType<string> = {
  placeholder: 'url',
  rule: 'an address such as redis://localhost:6379, redis://localhost/2 for a database, or rediss://user@redis.example:6380',
  parse: (value) => (isRedisUrl(value) ? value : undefined),
  show: (value) => value,
  isSecret: true,
};

function isRedisUrl(text: string): boolean {
  if (!/^rediss?:\/\/[^/]/.test(text) || !URL.canParse(text)) return false;
  const { username, password, pathname } = new URL(text);
  if (!/^\/?\d*$/.test(pathname)) return false;
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    // A percent sign that encodes nothing.
    return false;
  }
}

/** Paths that the service itself answers. */
const TAKEN = /^\/(?:ws\/(?:statistics|key)|metrics|healthz|readyz|(?:docs|static)(?:\/.*)?)?$/;

/** A path for the endpoint. The server checks whether the path is valid in a URL. */
export const endpointPath: ValueType<string> = {
  placeholder: 'path',
  rule: 'a path that the service does not use itself (/, /ws/statistics, /ws/key, /metrics, /healthz, /readyz, /docs and /static with all below)',
  parse: (value) => (TAKEN.test(value) ? undefined : value),
  show: (value) => value,
};

/** One of several words. */
export function choice<const Word extends string>(placeholder: string, words: readonly Word[]): ValueType<Word> {
  return {
    placeholder,
    rule: `one of ${words.join(', ')}`,
    parse: (value) => words.find((word) => word === value.toLowerCase()),
    show: (value) => value,
  };
}

/** A switch: on by its flag, off by the flag with `no-`. */
export const onOff: ValueType<boolean> = {
  rule: 'true or false',
  parse: (value) => (SWITCH.test(value) ? /^(?:true|1|yes|on)$/i.test(value) : undefined),
  show: (value) => (value ? 'on' : 'off'),
};

const SWITCH = /^(?:true|1|yes|on|false|0|no|off)$/i;

/** Entries separated by commas. */
export function list<Entry extends string>(
  placeholder: string,
  entries: string,
  isEntry: (entry: string) => entry is Entry,
): ValueType<readonly Entry[]> {
  return {
    placeholder,
    rule: `${entries}, with commas between them`,
    parse: (value) => {
      const items = value.split(',').flatMap((item) => (item.trim() === '' ? [] : [item.trim()]));
      // A word may be written in capitals.
      const found = items.map((item) => (isEntry(item) ? item : item.toLowerCase()));
      return found.every(isEntry) ? found : undefined;
    },
    show: (value) => value.join(','),
  };
}

/** A JSON object. */
export const jsonObject: ValueType<Readonly<Record<string, unknown>>> = {
  placeholder: 'json',
  rule: 'a JSON object such as {"name":"value"}',
  parse: (value) => {
    try {
      const parsed: unknown = JSON.parse(value);
      const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
      return isObject ? (parsed as Readonly<Record<string, unknown>>) : undefined;
    } catch {
      return undefined;
    }
  },
  show: (value) => JSON.stringify(value),
};

/** A JSON object whose values are text. */
export const jsonTexts: ValueType<Readonly<Record<string, string>>> = {
  placeholder: 'json',
  rule: 'a JSON object of texts such as {"name":"value"}',
  parse: (value) => {
    const object = jsonObject.parse(value) ?? { none: undefined };
    const texts = Object.entries(object).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return texts.length === Object.keys(object).length ? Object.fromEntries(texts) : undefined;
  },
  show: (value) => JSON.stringify(value),
};

export function integer(placeholder: string, least: number, most?: number): ValueType<number> {
  return numeric(placeholder, /^\d+$/, { least, most: most ?? Number.MAX_SAFE_INTEGER, integer: true });
}

export function decimal(placeholder: string, least: number, most?: number): ValueType<number> {
  return numeric(placeholder, DECIMAL, { least, most: most ?? Number.MAX_SAFE_INTEGER });
}

function numeric(
  placeholder: string,
  form: RegExp,
  { least, most, integer }: NumberBounds & { most: number },
): ValueType<number> {
  return {
    placeholder,
    rule: numberSentence({ least, most: most === Number.MAX_SAFE_INTEGER ? undefined : most, integer }),
    parse: (value) => (form.test(value) ? within(Number(value), least, most) : undefined),
    show: String,
  };
}

/** Written in seconds, stored in milliseconds. */
export function seconds(leastMs: number, mostMs = Infinity): ValueType<number> {
  const least = leastMs / 1000;
  const most = Math.floor(Math.min(mostMs, MAX_DELAY_MS) / 1000);
  return {
    placeholder: 'seconds',
    rule: `a number of seconds from ${least} to ${most}`,
    parse: (value) => {
      const number = DECIMAL.test(value) ? within(Number(value), least, most) : undefined;
      return number === undefined ? undefined : Math.round(number * 1000);
    },
    show: (ms) => String(ms / 1000),
  };
}

/** Written in bytes or with a unit, stored in bytes. */
export function bytes(least: number, most = Number.MAX_SAFE_INTEGER): ValueType<number> {
  return {
    placeholder: 'bytes',
    rule: `a number of bytes of at least ${least}, alone or with KiB, MiB or GiB`,
    parse: (value) => {
      const [, number, unit = ''] = /^(\d+)\s*(|[kmg]|[kmg]ib)$/i.exec(value) ?? [];
      const power = UNITS.findIndex((name) => name.charAt(0) === unit.charAt(0).toUpperCase());
      return number === undefined ? undefined : within(Number(number) * 1024 ** power, least, most);
    },
    show: (value) => {
      const power = [3, 2, 1].find((candidate) => value % 1024 ** candidate === 0) ?? 0;
      return `${value / 1024 ** power}${UNITS[power] ?? ''}`;
    },
  };
}

/** Units by their power of 1024. */
const UNITS = ['', 'KiB', 'MiB', 'GiB'];

const DECIMAL = /^\d+(?:\.\d+)?$/;

function within(value: number, min: number, max: number): number | undefined {
  return value >= min && value <= max ? value : undefined;
}
