import type { Principal } from '../connection/principal.js';
import { andThen } from '../runtime/awaitable.js';
import { kindOf } from '../runtime/kind-of.js';
import { LOGGER, type LoggerOption } from '../runtime/logger-option.js';
import { OptionError } from '../runtime/option-error.js';
import { nested, type Checked, type OptionTable } from '../runtime/option-table.js';
import { delay, integer, methods, number, size, type Rule, type TextRule } from '../runtime/rule.js';
import type { Tracer } from '../runtime/trace.js';
import type { ConversationStore } from '../store/conversation-store.js';
import { aConversationStore, aToolLedger } from '../store/store-rules.js';
import { PERMISSIONS, type PermissionsOption } from '../permission/permissions.js';
import type { Asker } from '../tool/asker.js';
import type { ToolLedger } from '../tool/tool-ledger.js';
import { ToolRegistry } from '../tool/tool-registry.js';
import type { Tool } from '../tool/tool.js';
import { ATTACHMENT_OPTIONS, type AttachmentOptions, type AttachmentRules } from './attachment-rules.js';
import { aProvider } from './check-provider.js';
import { CLIENT_CHOICES, type ClientChoices } from './client-choices.js';
import { aFitContext, fitContext, type FitContext } from './context-window.js';
import type { LlmProvider } from './llm-provider.js';

/** A value that depends on who asks. */
export type OfAsker<T, P extends Principal = Principal, Metadata = unknown> = (
  this: void,
  asker: Asker<P, Metadata>,
) => T | Promise<T>;

/**
 * The tools of the one who asks. Called when a query or tool call with names of tools arrives, and once when the run
 * starts. If it throws, the request is answered with `internal_error`.
 */
export type ToolsOf<P extends Principal = Principal, Metadata = unknown> = (
  this: void,
  asker: Asker<P, Metadata>,
) => ToolRegistry<P, Metadata> | Iterable<Tool<P, Metadata>>;

/** What an `AgentExecutor` takes. */
export interface AgentExecutorOptions<P extends Principal = Principal, Metadata = unknown>
  extends LoggerOption, PermissionsOption<P> {
  /** The model behind the queries. */
  provider: LlmProvider;
  /** The tools of the model and of `tool_call`: the same for all, or a function of who asks. */
  tools: ToolRegistry<P, Metadata> | ToolsOf<P, Metadata>;
  /** Remembers which tool calls were started. */
  ledger: ToolLedger;
  /** What was said in conversations. */
  conversations: ConversationStore;
  /**
   * Tokens of a conversation that the model is asked with, estimated; the oldest turns are left out. A question that alone
   * has more is refused with `context_too_long` before it becomes a run.
   * @default 32000
   */
  maxContextTokens?: number | undefined;
  /**
   * Makes a chat fit, in place of leaving out the oldest turns.
   * @default fitContext
   */
  fitContext?: FitContext | undefined;
  /**
   * How long a person may take to approve a tool call. In milliseconds; then the call is refused.
   * @default 300000
   */
  approvalTimeoutMs?: number | undefined;
  /**
   * What the model is told before every conversation. A function is called once for every query, when the query starts;
   * if it throws or rejects, the run fails with `internal_error`.
   * @default none
   */
  systemPrompt?: string | OfAsker<string | undefined, P, Metadata> | undefined;
  /**
   * The model, if the query does not choose one. A function is called once for every query, when the query starts; if
   * it throws or rejects, the run fails with `internal_error`.
   * @default that of the provider
   */
  model?: string | OfAsker<string | undefined, P, Metadata> | undefined;
  /**
   * What questions may bring along, of the kinds that the provider accepts; `false` for nothing.
   * @default images, text and PDF of 512 KiB, 4 per question: see {@link AttachmentOptions}
   */
  attachments?: AttachmentOptions | false | undefined;
  /**
   * What a query may choose for itself.
   * @default nothing
   */
  clientMayChoose?: ClientChoices | undefined;
  /**
   * Model calls in one run that may call tools. If the last of them does, its tools are executed and the model is asked
   * once more without tools, for an answer from what it has; the run ends with finish reason `max_steps`.
   * @default 8
   */
  maxSteps?: number | undefined;
  /**
   * Size of the JSON of one tool result. In bytes; a larger one fails the call with `output_too_large`.
   * @default 262144
   */
  maxToolResultBytes?: number | undefined;
  /**
   * Makes spans of connections, runs, and calls of models and tools: what `createTracing` of `agent-ws/tracing` returns.
   * @default none
   */
  tracer?: Tracer | undefined;
}

/** Checks an option that may depend on who asks, and makes it a function. */
const textOfAsker: TextRule<OfAsker<string | undefined>> = {
  kind: 'text',
  sentence: 'a string or a function',
  read(option, value) {
    if (typeof value === 'function') {
      return (asker) => andThen((value as OfAsker<unknown>)(asker), (given) => textOrNone(option, given));
    }
    if (typeof value !== 'string') throw new OptionError(option, textOfAsker.sentence, value);
    return () => value;
  },
};

/** What a function of who asks gave. `null` is what databases give for none. */
function textOrNone(option: string, given: unknown): string | undefined {
  if (typeof given === 'string') return given;
  if (given === undefined || given === null) return undefined;
  throw new TypeError(`The function "${option}" gave ${kindOf(given)} in place of a string`);
}

const registryOfAsker: Rule<(asker: Asker) => ToolRegistry> = {
  sentence: 'a ToolRegistry or a function',
  read(option, value) {
    if (typeof value === 'function') return (asker) => toRegistry(option, (value as ToolsOf)(asker));
    if (!ToolRegistry.isInstance(value)) throw new OptionError(option, registryOfAsker.sentence, value);
    return () => value as ToolRegistry;
  },
};

const attachments = nested<AttachmentOptions>()(ATTACHMENT_OPTIONS);

export const EXECUTOR_OPTIONS = {
  provider: { text: 'The model behind the queries.', rule: aProvider, required: true },
  tools: {
    text: 'The tools of the model and of `tool_call`: the same for all, or a function of who asks.',
    rule: registryOfAsker,
    required: true,
  },
  ledger: {
    text: 'Remembers which tool calls were started.',
    rule: aToolLedger,
    required: true,
  },
  conversations: {
    text: 'What was said in conversations.',
    rule: aConversationStore,
    required: true,
  },
  maxContextTokens: {
    text: 'Tokens of a conversation that the model is asked with, estimated; the oldest turns are left out.',
    rule: number({ least: 1 }),
    default: 32_000,
  },
  fitContext: {
    text: 'Makes a chat fit, in place of leaving out the oldest turns.',
    rule: aFitContext,
    default: fitContext,
    defaultText: 'fitContext',
  },
  approvalTimeoutMs: {
    text: 'How long a person may take to approve a tool call.',
    rule: delay(1),
    default: 300_000,
  },
  systemPrompt: {
    text: 'What the model is told before every conversation.',
    rule: textOfAsker,
    default: () => undefined,
    defaultText: 'none',
  },
  model: {
    text: 'The model, if the query does not choose one.',
    rule: textOfAsker,
    default: () => undefined,
    defaultText: 'that of the provider',
  },
  attachments: {
    text: 'What questions may bring along, of the kinds that the provider accepts; `false` for nothing.',
    rule: {
      sentence: attachments.sentence,
      read: (option, value): AttachmentRules | false => value !== false && attachments.read(option, value),
    },
    default: {},
    defaultText: 'images, text and PDF of 512 KiB, 4 per question: see {@link AttachmentOptions}',
  },
  clientMayChoose: {
    text: 'What a query may choose for itself.',
    rule: nested<ClientChoices>()(CLIENT_CHOICES),
    default: {},
    defaultText: 'nothing',
  },
  maxSteps: { text: 'Model calls in one run that may call tools.', rule: integer(1), default: 8 },
  maxToolResultBytes: { text: 'Size of the JSON of one tool result.', rule: size(1), default: 262_144 },
  permissions: PERMISSIONS,
  tracer: {
    text: 'Makes spans of connections, runs, and calls of models and tools: what `createTracing` of `agent-ws/tracing` returns.',
    rule: methods('a tracer, as createTracing makes it', ['start', 'during']),
    defaultText: 'none',
  },
  logger: LOGGER,
} as const satisfies OptionTable<AgentExecutorOptions>;

/** The checked options of an executor, with their defaults. */
export type ExecutorSettings = Checked<AgentExecutorOptions, typeof EXECUTOR_OPTIONS>;

function toRegistry(option: string, tools: ToolRegistry | Iterable<Tool> | null | undefined): ToolRegistry {
  if (ToolRegistry.isInstance(tools)) return tools;
  if (tools === undefined || tools === null || Symbol.iterator in tools) return new ToolRegistry(tools ?? []);
  throw new TypeError(`The function "${option}" gave ${kindOf(tools)} in place of tools; it has to answer at once`);
}
