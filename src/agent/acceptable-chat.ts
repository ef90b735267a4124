import { absentAttachment } from './absent-attachment.js';
import { CallIds } from './call-ids.js';
import type { LlmAssistantMessage, LlmMessage, LlmProvider } from './llm-provider.js';
import type { LlmOrigin } from '../store/llm-origin.js';
import type { LlmToolCall } from '../tool/llm-tool.js';
import { acceptableArguments } from '../tool/tool-arguments.js';
import { wellFormed } from '../runtime/well-formed.js';

/** The model that is asked, and what it accepts. */
export interface ChatReader extends LlmOrigin, Pick<LlmProvider, 'accepts'> {
  /** The calls that are written as text, with their results: all, or those of other models. @default none */
  readonly callsAsText?: 'all' | 'others' | undefined;
}

type UserMessage = LlmMessage & { readonly role: 'user' };

/** The result of a call whose real result is unknown. */
export const CUT_OFF = 'The call was cut off; whether it took effect is unknown';

const NO_RESULT = JSON.stringify({ error: CUT_OFF });

/** Put between a tool result and the next question, for models that require alternating roles. */
const NO_ANSWER = '(There is no answer: it was cut off.)';
/** Put before an answer that comes first, for models that require a question first. */
const LEFT_OUT = '(The beginning of the conversation is left out.)';
/** Put after an answer that comes last, for models that require a question last. */
const GO_ON = 'Go on.';

/**
 * Turns any chat into one that every server accepts, whatever happened to the chat: stops, crashes, edits, a change of
 * model, an embedder's own store. In the result
 * - there is one system message, and it comes first;
 * - the user begins, user and assistant alternate, and the user or the results of tools come last;
 * - each call of a tool has exactly one result, right after its message, and a result has a call;
 * - ids of calls are unique and short, names are valid, and arguments are JSON objects;
 * - no message is empty, and no text holds an unpaired surrogate;
 * - provider data stands only on messages made by the same model of the same vendor and server.
 *
 * A chat that is acceptable stays as it is. The beginning of a growing chat stays the same, since servers cache it.
 */
export function acceptableChat(messages: readonly LlmMessage[], reader: ChatReader): LlmMessage[] {
  const system: string[] = [];
  const rest: Exclude<LlmMessage, { role: 'system' }>[] = [];
  for (const message of messages) {
    if (message.role !== 'system') rest.push(message);
    else if (!isBlank(message.content)) system.push(wellFormed(message.content));
  }
  const steps = rest.some(isOfTools) ? answered(rest, reader) : rest;
  const chat = alternating(reader.callsAsText === undefined ? steps : withCallsInWords(steps, reader), reader);
  return system.length === 0 ? chat : [{ role: 'system', content: system.join('\n\n') }, ...chat];
}

function isOfTools(message: LlmMessage): boolean {
  return message.role === 'tool' || (message.role === 'assistant' && message.toolCalls !== undefined);
}
/** The result of a call; it may not have been found yet. */
interface Result {
  /** The id of the call as it came. */
  readonly given: string;
  readonly call: LlmToolCall;
  content: string;
}

/** Puts results right after the message with their calls, and gives calls and results the same valid ids and names. */
function answered(messages: readonly Exclude<LlmMessage, { role: 'system' }>[], reader: ChatReader): LlmMessage[] {
  const ids = new CallIds();
  const steps: (LlmMessage | Result)[] = [];
  // A result belongs to the newest call with its id that has no result yet.
  const open = new Map<string, Result[]>();
  for (const message of messages) {
    if (message.role === 'tool') {
      const result = open.get(message.toolCallId)?.shift();
      if (result !== undefined) result.content = message.content;
    } else if (message.role === 'assistant' && message.toolCalls !== undefined && message.toolCalls.length > 0) {
      const isOwn = isBy(reader, message.origin);
      const isForeign = message.origin !== undefined && !isOwn;
      const results = message.toolCalls.map((call): Result => {
        return { given: call.id, call: acceptableCall(call, ids.next(call.id, isForeign), isOwn), content: NO_RESULT };
      });
      for (const { given } of results) open.set(given, []);
      for (const result of results) open.get(result.given)?.push(result);
      steps.push({ ...message, toolCalls: results.map(({ call }) => call) }, ...results);
    } else steps.push(message);
  }
  return steps.map((step) => ('call' in step ? resultMessage(step) : step));
}

function resultMessage({ call, content }: Result): LlmMessage {
  // An empty result becomes `null`.
  return { role: 'tool', toolCallId: call.id, toolName: call.name, content: wellFormed(content) || 'null' };
}

/** Whether a chat holds a call that the model did not make. */
export function holdsCallsOfOthers(messages: readonly LlmMessage[], reader: LlmOrigin): boolean {
  return messages.some((message) => message.role === 'assistant' && isCallOfOthers(message, reader));
}

function isCallOfOthers({ toolCalls = [], origin }: LlmAssistantMessage, reader: LlmOrigin): boolean {
  return toolCalls.length > 0 && !isBy(reader, origin);
}

/** Writes calls as text. The results of a call follow its message. */
function withCallsInWords(messages: readonly LlmMessage[], reader: ChatReader): LlmMessage[] {
  let isAffected = false;
  return messages.map((message) => {
    if (message.role === 'assistant') isAffected = reader.callsAsText === 'all' || isCallOfOthers(message, reader);
    return isAffected ? inWords(message) : message;
  });
}

/** Writes the calls of a message, or a result, as text. */
function inWords(message: LlmMessage): LlmMessage {
  if (message.role === 'tool') {
    return { role: 'assistant', content: `(The tool ${message.toolName} returned: ${message.content})` };
  }
  if (message.role !== 'assistant' || message.toolCalls === undefined) return message;
  const calls = message.toolCalls.map(({ name, arguments: text }) => `(Called the tool ${name} with ${text})`);
  return { role: 'assistant', content: joined(message.content, calls.join('\n')) };
}

function acceptableCall({ name, arguments: text, providerData }: LlmToolCall, id: string, isOwn: boolean): LlmToolCall {
  return {
    id,
    name: name.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 64) || 'unknown',
    arguments: acceptableArguments(text),
    ...(isOwn && providerData !== undefined && { providerData }),
  };
}

/** Joins neighbours of one role, leaves out empty messages and adds the messages that alternation requires. */
function alternating(messages: readonly LlmMessage[], reader: ChatReader): LlmMessage[] {
  const chat: LlmMessage[] = [];
  for (const message of messages) {
    const last = chat.at(-1);
    if (message.role === 'tool') chat.push(message);
    else if (message.role === 'user') {
      const question = acceptableQuestion(message, reader);
      if (question === undefined) continue;
      if (last?.role === 'user') chat.splice(-1, 1, joinedQuestions(last, question));
      else if (last?.role === 'tool') chat.push({ role: 'assistant', content: NO_ANSWER }, question);
      else chat.push(question);
    } else if (message.role === 'assistant') {
      const answer = acceptableAnswer(message, reader);
      if (answer === undefined) continue;
      if (last?.role === 'assistant') chat.splice(-1, 1, joinedAnswers(last, answer));
      else if (last === undefined) chat.push({ role: 'user', content: LEFT_OUT }, answer);
      else chat.push(answer);
    }
  }
  const last = chat.at(-1);
  if (last?.role !== 'user' && last?.role !== 'tool') chat.push({ role: 'user', content: GO_ON });
  return chat;
}

function acceptableAnswer(message: LlmAssistantMessage, reader: ChatReader): LlmAssistantMessage | undefined {
  const { toolCalls = [], reasoning, origin, providerData } = message;
  const content = isBlank(message.content) ? '' : wellFormed(message.content);
  if (content === '' && toolCalls.length === 0) return undefined;
  return {
    role: 'assistant',
    content,
    ...(reasoning !== undefined && { reasoning: wellFormed(reasoning) }),
    ...(toolCalls.length > 0 && { toolCalls }),
    ...(origin !== undefined && { origin }),
    ...(isBy(reader, origin) && providerData !== undefined && { providerData }),
  };
}

function acceptableQuestion(message: UserMessage, { accepts = [] }: ChatReader): UserMessage | undefined {
  const { attachments = [] } = message;
  if (attachments.length === 0) {
    return isBlank(message.content) ? undefined : { role: 'user', content: wellFormed(message.content) };
  }
  const kept = attachments.filter(({ type }) => accepts.includes(type));
  const others = attachments.filter(({ type }) => !accepts.includes(type));
  const content = joined(
    isBlank(message.content) ? '' : wellFormed(message.content),
    others.map(absentAttachment).join('\n'),
  );
  if (content === '' && kept.length === 0) return undefined;
  return { role: 'user', content, ...(kept.length > 0 && { attachments: kept }) };
}

function joinedQuestions(first: UserMessage, second: UserMessage): UserMessage {
  const attachments = [...(first.attachments ?? []), ...(second.attachments ?? [])];
  return {
    role: 'user',
    content: joined(first.content, second.content),
    ...(attachments.length > 0 && { attachments }),
  };
}

function joinedAnswers(first: LlmAssistantMessage, second: LlmAssistantMessage): LlmAssistantMessage {
  const content = joined(first.content, second.content);
  // Reasoning and provider data of one model are not attributed to another model.
  if (!isBy(first.origin, second.origin)) return { ...second, content };
  const reasoning = joined(first.reasoning ?? '', second.reasoning ?? '');
  const providerData = { ...first.providerData, ...second.providerData };
  return {
    ...second,
    content,
    ...(reasoning !== '' && { reasoning }),
    ...(Object.keys(providerData).length > 0 && { providerData }),
  };
}

function joined(first: string, second: string): string {
  return first === '' || second === '' ? first + second : `${first}\n\n${second}`;
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** Whether two messages come from the same model. Also compares a message with the model that is asked. */
function isBy(a: LlmOrigin | undefined, b: LlmOrigin | undefined): boolean {
  return a?.vendor === b?.vendor && a?.server === b?.server && a?.model === b?.model;
}
