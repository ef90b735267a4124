import type { LlmTool } from './llm-tool.js';

/**
 * The name of the offered tool that a model means; the name as it came if no tool is meant. GPT writes `functions.NAME`,
 * Kimi `functions.NAME:0`, and gpt-oss `NAME<|channel|>…`.
 */
export function meantTool(name: string, offered: readonly LlmTool[]): string {
  const isOffered = (wanted: string): boolean => offered.some((tool) => tool.name === wanted);
  if (isOffered(name)) return name;
  const [whole = ''] = name.split('<|', 1);
  const meant = whole.replace(/^functions[.:]/, '').replace(/:\d+$/, '');
  return isOffered(meant) ? meant : name;
}
