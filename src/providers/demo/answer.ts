import type { LlmMessage } from '../../agent/llm-provider.js';
import type { LlmTool, LlmToolCall } from '../../tool/llm-tool.js';
import { findExpressions } from './arithmetic.js';
import { languageOf, type Language } from './language.js';
import { english } from './phrases-en.js';
import { chinese } from './phrases-zh.js';
import type { Phrases } from './phrases.js';
import { readExpression, readMoment, readResult } from './tool-result.js';
import { asksForTime, topicOf, zoneIn } from './topics.js';

/** What the demo does next: it answers, or calls tools first. */
export type Answer =
  | { readonly kind: 'text'; readonly text: string; readonly language: Language }
  | { readonly kind: 'tool-calls'; readonly calls: readonly LlmToolCall[] };

const PHRASES: Readonly<Record<Language, Phrases>> = { en: english, zh: chinese };

/** Maximum length of a question that the patterns search, in characters. */
const QUESTION_LENGTH = 2000;

/** Finds the answer to the newest question of a chat. If tools were called, the answer consists of their results. */
export function answerTo(messages: readonly LlmMessage[], tools: readonly LlmTool[]): Answer {
  const questions = messages
    .filter(({ role }) => role === 'user')
    .map(({ content }) => content.slice(0, QUESTION_LENGTH));
  const question = questions.at(-1) ?? '';
  const language = languageOf(questions.toReversed());
  const phrases = PHRASES[language];
  const say = (text: string): Answer => ({ kind: 'text', text, language });

  if (messages.at(-1)?.role === 'tool') return say(fromResults(messages, phrases));

  const wanted = wantedCalls(question);
  const names = new Set(tools.map(({ name }) => name));
  const possible = wanted.filter(({ name }) => names.has(name));
  // The number of messages makes the ids unique in the chat, and the same every time.
  const calls = possible.map((call, index) => ({
    id: `demo_${messages.length}_${index + 1}`,
    name: call.name,
    arguments: JSON.stringify(call.params),
  }));
  if (calls.length > 0) return { kind: 'tool-calls', calls };
  if (wanted.length > 0) {
    return say(wanted.map(({ name, params }) => phrases.toolMissing(name, JSON.stringify(params))).join('\n\n'));
  }

  const topic = topicOf(question);
  if (topic === 'earlier') return say(phrases.earlier(questions.at(-2)));
  return say(topic === undefined ? phrases.unknown(question) : phrases.topics[topic]);
}

interface WantedCall {
  readonly name: string;
  readonly params: Readonly<Record<string, string>>;
}

function wantedCalls(question: string): WantedCall[] {
  const calls: WantedCall[] = findExpressions(question).map((expression) => ({
    name: 'calculator',
    params: { expression },
  }));
  if (asksForTime(question)) {
    const zone = zoneIn(question);
    calls.push({ name: 'current_time', params: zone === undefined ? {} : { time_zone: zone } });
  }
  return calls;
}

/** Puts the results of the newest question into words. */
function fromResults(messages: readonly LlmMessage[], phrases: Phrases): string {
  const since = messages.slice(messages.findLastIndex(({ role }) => role === 'user') + 1);
  const calls = new Map(
    since
      .flatMap((message) => (message.role === 'assistant' ? (message.toolCalls ?? []) : []))
      .map((call) => [call.id, call]),
  );
  const lines = since.flatMap((message) => {
    if (message.role !== 'tool') return [];
    const { value, failed } = readResult(message.content);
    if (failed) return [phrases.toolFailed(message.toolName, value)];
    const moment = message.toolName === 'current_time' ? readMoment(message.content) : undefined;
    if (moment !== undefined) return [phrases.time(moment)];
    const expression = readExpression(calls.get(message.toolCallId)?.arguments);
    return [expression === undefined ? phrases.toolSaid(message.toolName, value) : phrases.sum(expression, value)];
  });
  return lines.join('\n\n');
}
