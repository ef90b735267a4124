import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const LEVELS: Readonly<Record<string, { readonly label: string; readonly style: Style }>> = {
  debug: { label: 'DEBUG', style: 'gray' },
  info: { label: 'INFO ', style: 'green' },
  warn: { label: 'WARN ', style: 'yellow' },
  error: { label: 'ERROR', style: 'red' },
  fatal: { label: 'FATAL', style: 'red' },
};

/**
 * Writes one line of the json log for people: time of day, level, sentence, fields; the stack of an error below it.
 * @param color - whether to use the colours of a terminal
 */
export function prettyLine(json: string, color: boolean): string {
  const paint = (style: Style, text: string): string => (color ? styleText(style, text) : text);
  const { time, level, msg, err, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const { label, style } = LEVELS[String(level)] ?? { label: String(level), style: 'reset' };
  const shown = Object.entries(fields).map(([name, value]) => ` ${paint('gray', `${name}=`)}${show(value)}`);
  const error = err === undefined ? '' : `\n${indent(describe(err as LoggedError))}`;
  return `${paint('gray', timeOfDay(String(time)))} ${paint(style, label)} ${String(msg)}${shown.join('')}${error}\n`;
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
  // Quoted where a reader could not tell where it ends, and where it could speak to the terminal.
  return typeof value !== 'string' || /^[\x21-\x7e]+$/.test(text) ? text : JSON.stringify(text);
}

function timeOfDay(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : `${date.toTimeString().slice(0, 8)}.${iso.slice(20, 23)}`;
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}
