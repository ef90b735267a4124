import type { FinishReason } from '../../protocol/server-messages.js';

/** Finish reasons of servers, in lower case. `failed` is not a finish reason: the server could not continue. */
const REASONS: ReadonlyMap<string, FinishReason | 'failed'> = new Map([
  ['stop', 'stop'],
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['max_output_tokens', 'length'],
  // Mistral; Anthropic and Zhipu: the context window is full.
  ['model_length', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_calls', 'tool_calls'],
  ['tool_use', 'tool_calls'],
  ['function_call', 'tool_calls'],
  ['content_filter', 'content_filter'],
  ['safety', 'content_filter'],
  ['recitation', 'content_filter'],
  ['prohibited_content', 'content_filter'],
  ['blocklist', 'content_filter'],
  ['refusal', 'content_filter'],
  // Zhipu.
  ['sensitive', 'content_filter'],
  ['network_error', 'failed'],
  // OpenRouter, Mistral; vLLM and SGLang; DeepSeek; Gemini.
  ['error', 'failed'],
  ['abort', 'failed'],
  ['insufficient_system_resource', 'failed'],
  ['malformed_function_call', 'failed'],
  ['unexpected_tool_call', 'failed'],
]);

/** The finish reason as the protocol names it. */
export function endOf(raw: string): FinishReason | 'failed' {
  const reason = raw.toLowerCase();
  if (reason.startsWith('function_call_filter')) return 'failed';
  return REASONS.get(reason) ?? 'other';
}
