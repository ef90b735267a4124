import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { isDeeperThan } from '../protocol/depth.js';
import { LIMITS } from '../protocol/version.js';
import { decodedParams } from './decoded-params.js';
import type { LlmToolCall } from './llm-tool.js';
import { wellFormed } from '../runtime/well-formed.js';

/** The arguments of a call, or why they are invalid. */
export type ToolArguments =
  | { readonly ok: true; readonly params: unknown }
  | { readonly ok: false; readonly error: AgentSocketError };

/**
 * Parses arguments as the model wrote them. Empty text, white space and `null` mean no params: `{}`. An object may be in
 * quotes.
 */
export function readArguments({ name, arguments: text }: Pick<LlmToolCall, 'name' | 'arguments'>): ToolArguments {
  if (text.trim() === '') return { ok: true, params: {} };
  if (isDeeperThan(text, LIMITS.depth)) return refuse(`The arguments of "${name}" are nested too deep`);
  try {
    const params: unknown = JSON.parse(text) ?? {};
    return { ok: true, params: typeof params === 'string' ? decodedParams(params, { type: 'object' }) : params };
  } catch {
    return refuse(`The arguments of "${name}" are not valid JSON`);
  }
}

function refuse(message: string): ToolArguments {
  return { ok: false, error: new AgentSocketError('invalid_params', message) };
}

/**
 * Makes arguments that every server accepts: many servers parse the arguments of earlier calls and refuse the request
 * unless they are a JSON object. Such arguments stay as the model wrote them; an object in quotes loses the quotes, and all
 * others become `{}`.
 */
export function acceptableArguments(text: string): string {
  const read = readArguments({ name: '', arguments: text });
  if (!read.ok) return '{}';
  if (!text.trimStart().startsWith('{')) {
    const { params } = read;
    return typeof params === 'object' && !Array.isArray(params) ? JSON.stringify(params, wellFormedValue) : '{}';
  }
  // Some parsers refuse the escape of an unpaired surrogate.
  return /\\u[dD][89a-fA-F]/.test(text) ? wellFormed(JSON.stringify(read.params, wellFormedValue)) : wellFormed(text);
}

function wellFormedValue(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? wellFormed(value) : value;
}
