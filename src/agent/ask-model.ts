import { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { ErrorCode } from '../protocol/error-codes.js';
import type { FinishReason, Usage } from '../protocol/server-messages.js';
import { LIMITS } from '../protocol/version.js';
import { acceptableChat, type ChatReader } from './acceptable-chat.js';
import type { AgentDeps } from './agent-deps.js';
import { startAnswer, type AgentState, type AnswerSoFar } from './agent-state.js';
import { checkPart, checkStream, knownReason } from './check-part.js';
import type { JsonObject, LlmToolCall } from '../tool/llm-tool.js';
import { meantTool } from '../tool/meant-tool.js';
import type { LlmOrigin } from '../store/llm-origin.js';
import type { TraceContext } from '../runtime/trace.js';
import { leanStreams } from './lean-stream.js';
import type { LlmPart, LlmRequest } from './llm-provider.js';
import { addUsage, usageFrom } from './usage.js';

/** Maximum number of tool calls in one answer: they are executed in parallel. */
const MAX_CALLS = 128;

/** Bytes of memory that a tool call takes besides its arguments, roughly. */
const CALL_OVERHEAD = 200;

/** Maximum bytes of JSON that a provider may get back with one call or message. */
const MAX_PROVIDER_DATA = 65_536;

/**
 * Elements of a provider that are taken before the event loop has a turn: it has none by itself if a provider has all of them
 * at hand.
 */
const ELEMENTS_A_TURN = 1_000;

/** The model's output in one step. */
export interface Answer extends AnswerSoFar {
  readonly toolCalls: readonly LlmToolCall[];
  readonly reason: FinishReason;
}

/** The tools of one request, and whether the model may call them. */
export interface OfferedTools extends Pick<LlmRequest, 'tools' | 'toolChoice'> {
  readonly callsAsText?: ChatReader['callsAsText'];
}

type Take = (part: LlmPart) => void;

/** Makes one model call and passes its output on as it arrives. */
export async function askModel(state: AgentState, deps: AgentDeps, offered: OfferedTools): Promise<Answer> {
  const { output } = deps;
  const { abort } = deps.forTools;
  const origin = originOf(state, deps);
  const answer = startAnswer(origin);
  const toolCalls: LlmToolCall[] = [];
  let usage: Usage | undefined;
  let reason: FinishReason | undefined;
  let complete = false;
  const take: Take = (part) => {
    switch (part.type) {
      case 'text-delta':
        answer.text.append(part.text);
        output.text(part.text);
        break;
      case 'reasoning-delta':
        answer.reasoning.append(part.text);
        output.reasoning(part.text);
        break;
      case 'tool-call': {
        if (toolCalls.length >= MAX_CALLS) {
          throw new AgentSocketError('provider_error', `The model asked for more than ${MAX_CALLS} tool calls at once`);
        }
        output.charge(Buffer.byteLength(part.arguments) + CALL_OVERHEAD);
        const providerData = part.providerData === undefined ? undefined : keep(part.providerData, deps);
        toolCalls.push({
          id: uniqueCallId(part.id, toolCalls, state),
          name: meantTool(part.name, offered.tools),
          arguments: part.arguments,
          ...(providerData !== undefined && { providerData }),
        });
        break;
      }
      case 'provider-data': {
        const data = keep(part.data, deps);
        if (data !== undefined) answer.providerData = { ...answer.providerData, ...data };
        break;
      }
      case 'usage':
        usage = usageFrom(part);
        break;
      case 'finish':
        reason = knownReason(part.reason);
        break;
    }
  };
  state.partial = answer;
  state.isCounted = false;
  const askedAt = performance.now();
  let failure: ErrorCode | undefined;
  try {
    await traced(requestOf(state, deps, origin, offered), deps, origin, take);
    complete = !abort.aborted;
  } catch (error) {
    failure = AgentSocketError.isInstance(error) ? error.code : 'provider_error';
    throw error;
  } finally {
    const outcome = abort.aborted ? 'cancelled' : (failure ?? 'ok');
    deps.onModel?.({ model: origin.model, outcome, ms: performance.now() - askedAt });
    // Usage of an aborted call is estimated if the provider did not report it. Usage of a complete answer is not.
    state.usage = addUsage(state.usage, usage);
    if (complete) state.partial = undefined;
    else state.isCounted = usage !== undefined;
  }
  // Listed, not spread, as everything that each query makes: a copy would have a hidden class of its own.
  const { text, reasoning, providerData } = answer;
  return {
    text,
    reasoning,
    origin,
    providerData,
    toolCalls,
    reason: reason ?? (toolCalls.length > 0 ? 'tool_calls' : 'stop'),
  };
}

/** Asks the provider within a span, if there is a tracer. */
function traced(request: LlmRequest, deps: AgentDeps, { vendor, server, model }: LlmOrigin, take: Take): Promise<void> {
  const { tracer, forTools } = deps;
  if (tracer === undefined) return stream(request, deps, forTools.trace, take);
  // The names of OpenTelemetry's conventions for generative AI.
  const attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': vendor,
    'gen_ai.request.model': model,
    'server.address': server,
  };
  const info = { name: 'chat', kind: 'client', attributes } as const;
  return tracer.during(info, forTools.trace, (trace) => stream(request, deps, trace, take));
}

/** Asks the provider, and gives each part to `take` as it arrives; no more are pulled while all readers lag behind. */
function stream(request: LlmRequest, deps: AgentDeps, trace: TraceContext | undefined, take: Take): Promise<void> {
  const { provider, output, forTools } = deps;
  const takeAll = (parts: readonly LlmPart[]): Promise<void> | undefined => {
    for (const part of mergeText(parts)) take(part);
    return output.backpressure();
  };
  const lean = leanStreams.get(Reflect.get(provider, 'stream'));
  if (lean === undefined) return pull(request, deps, trace, takeAll);
  const { abort, principal, runId, conversationId, metadata } = forTools;
  return lean(request, { abort, take: takeAll, principal, runId, conversationId, metadata, trace });
}

/** Pulls the parts of a provider that is an iterator. */
async function pull(
  request: LlmRequest,
  { provider, output, forTools }: AgentDeps,
  trace: TraceContext | undefined,
  takeAll: (parts: readonly LlmPart[]) => Promise<void> | undefined,
): Promise<void> {
  const { abort, principal, runId, conversationId, metadata } = forTools;
  const options = { signal: abort.signal, principal, runId, conversationId, metadata, trace };
  let taken = 0;
  for await (const element of endedAlone(checkStream(provider.stream(request, options)))) {
    const parts = isBatch(element) ? element : [element];
    if (abort.aborted) {
      // The run counts what comes after its end, and drops it.
      for (const part of parts) if (part.type === 'text-delta') output.text(part.text);
      break;
    }
    for (const part of parts) checkPart(part, provider, forTools.logger);
    const wait = takeAll(parts);
    if (wait !== undefined) await wait;
    else if (++taken % ELEMENTS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A stream that is left early without waiting for its end: a provider that never ends would keep the run in progress. */
function endedAlone<T>(stream: AsyncIterable<T> | Iterable<T>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]: () => {
      const isAsync = Symbol.asyncIterator in stream;
      const iterator = isAsync ? stream[Symbol.asyncIterator]() : stream[Symbol.iterator]();
      return {
        next: () => iterator.next() as Promise<IteratorResult<T>>,
        return: (): Promise<IteratorResult<T>> => {
          void (async () => iterator.return?.())().catch(() => undefined);
          return Promise.resolve({ done: true, value: undefined });
        },
      };
    },
  };
}

/** The model that is asked. */
export function originOf(state: AgentState, { provider: { vendor, server, model } }: AgentDeps): LlmOrigin {
  return { vendor, server, model: state.model ?? model };
}

function requestOf(
  state: AgentState,
  deps: AgentDeps,
  origin: LlmOrigin,
  { tools, toolChoice, callsAsText }: OfferedTools,
): LlmRequest {
  const { vendor, server, model } = origin;
  return {
    messages: acceptableChat(state.messages, { vendor, server, model, accepts: deps.provider.accepts, callsAsText }),
    tools,
    toolChoice,
    model: state.model,
    temperature: state.temperature,
  };
}

/** A copy of the provider data, as JSON; `undefined` if it cannot be stored. */
function keep(data: JsonObject, { output, forTools: { logger, runId } }: AgentDeps): JsonObject | undefined {
  const encoded = encode(data);
  const bytes = Buffer.byteLength(encoded ?? '');
  if (encoded?.startsWith('{') !== true || bytes > MAX_PROVIDER_DATA) {
    const rule = `a JSON object of at most ${MAX_PROVIDER_DATA} bytes`;
    logger.warn({ runId, bytes }, `What the provider wants back is dropped, since it is not ${rule}`);
    return undefined;
  }
  output.charge(bytes);
  return JSON.parse(encoded) as JsonObject;
}

/** `undefined` for values that are not JSON, such as cycles and BigInts. */
function encode(data: unknown): string | undefined {
  try {
    return JSON.stringify(data);
  } catch {
    return undefined;
  }
}

/** The provider's id if it is new in this run and a client can send it; some providers count from 0 in every answer. */
function uniqueCallId(given: string, siblings: readonly LlmToolCall[], state: AgentState): string {
  const id = given.length > LIMITS.toolCallIdLength ? '' : given;
  const isTaken = (wanted: string): boolean =>
    siblings.some((call) => call.id === wanted) ||
    state.messages.some((message) => message.role === 'tool' && message.toolCallId === wanted);
  let unique = id;
  for (let i = siblings.length; unique === '' || isTaken(unique); i++) {
    unique = `${id === '' ? 'call' : id}-${state.step}-${i}`;
  }
  return unique;
}

function isBatch(element: LlmPart | readonly LlmPart[]): element is readonly LlmPart[] {
  return Array.isArray(element);
}

/** Joins neighbouring text parts of one batch. */
function mergeText(parts: readonly LlmPart[]): readonly LlmPart[] {
  if (parts.length < 2) return parts;
  const merged: LlmPart[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if ((part.type === 'text-delta' || part.type === 'reasoning-delta') && last?.type === part.type) {
      merged[merged.length - 1] = { type: part.type, text: last.text + part.text };
    } else merged.push(part);
  }
  return merged;
}
