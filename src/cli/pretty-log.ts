import { harmless } from './harmless.js';

/** Colours of a terminal (ECMA-48, SGR). */
const GRAY = 90;
const RED = 31;
const GREEN = 32;
const YELLOW = 33;

const LEVELS: Readonly<Record<string, { readonly label: string; readonly color: number }>> = {
  debug: { label: 'DEBUG', color: GRAY },
  info: { label: 'INFO ', color: GREEN },
  warn: { label: 'WARN ', color: YELLOW },
  error: { label: 'ERROR', color: RED },
  fatal: { label: 'FATAL', color: RED },
};

/**
 * Formats one JSON log line for people: time of day, level, sentence, fields, and below them the stack of an error.
 * @param inColor - whether to use the colours of a terminal
 */
export function prettyLine(json: string, inColor: boolean): string {
  const paint = (color: number, text: string): string => (inColor ? `\u001b[${color}m${text}\u001b[39m` : text);
  const { time, level, msg, err, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const { label, color } = LEVELS[String(level)] ?? { label: String(level), color: GRAY };
  const shown = Object.entries(fields).map(([name, value]) => ` ${paint(GRAY, `${name}=`)}${show(value)}`);
  const error = err === undefined ? '' : `\n${indent(harmless(describe(err as LoggedError)))}`;
  return `${paint(GRAY, timeOfDay(String(time)))} ${paint(color, label)} ${String(msg)}${shown.join('')}${error}\n`;
}

interface LoggedError {
  readonly type?: string;
  readonly message?: string;
  readonly code?: string | number;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

function describe({ type = 'Error', message = '', code, stack, cause }: LoggedError): string {
  const own = stack ?? `${type}: ${message}`;
  const numbered = code === undefined || own.includes(String(code)) ? own : `${own} (${code})`;
  return cause === undefined ? numbered : `${numbered}\nCaused by ${describe(cause)}`;
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // Quoted if its end would be unclear, or if it holds characters that control the terminal.
  const quoted = typeof value !== 'string' || /^[\x21-\x7e]+$/.test(text) ? text : JSON.stringify(text);
  return harmless(quoted);
}

function timeOfDay(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : `${date.toTimeString().slice(0, 8)}.${iso.slice(20, 23)}`;
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}
