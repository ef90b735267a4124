import { checkProvider } from './check-provider.js';
import { fitContext, type FitContext } from './context-window.js';
import type { Asker } from '../tool/asker.js';
import type { LlmProvider } from './llm-provider.js';
import type { Tool } from '../tool/tool.js';
import type { ToolLedger } from '../tool/tool-ledger.js';
import { ToolRegistry } from '../tool/tool-registry.js';
import type { Principal } from '../connection/principal.js';
import type { ConversationStore } from '../store/conversation-store.js';
import { checkKnownOptions } from '../runtime/check-known-options.js';
import { checkMethods } from '../runtime/check-methods.js';
import { checkNumber, MAX_DELAY_MS } from '../runtime/check-number.js';
import { OptionError } from '../runtime/option-error.js';
import type { KnownOptions } from '../runtime/unknown-option.js';
import { checkLogger } from '../runtime/check-logger.js';
import type { Logger } from '../runtime/logger.js';
import { checkAttachmentOptions, type AttachmentOptions, type AttachmentRules } from './attachment-rules.js';
import { checkClientChoices, type ClientChoices } from './client-choices.js';

/** Something that depends on who asks. */
export type OfAsker<T, P extends Principal = Principal, Metadata = unknown> = (
  this: void,
  asker: Asker<P, Metadata>,
) => T | Promise<T>;

/**
 * The tools of the one who asks. Called when a query or a tool call arrives that names tools, and once when it starts.
 * Where it throws, the request is answered with `internal_error`.
 */
export type ToolsOf<P extends Principal = Principal, Metadata = unknown> = (
  this: void,
  asker: Asker<P, Metadata>,
) => ToolRegistry<P, Metadata> | Iterable<Tool<P, Metadata>>;

/** What an `AgentExecutor` takes. */
export interface AgentExecutorOptions<P extends Principal = Principal, Metadata = unknown> {
  /** The model behind the queries. */
  provider: LlmProvider;
  /** The tools of the model and of `tool_call`: the same for all, or those of the one who asks. */
  tools: ToolRegistry<P, Metadata> | ToolsOf<P, Metadata>;
  /** Remembers which tool calls were started. */
  ledger: ToolLedger;
  /** What was said in conversations. */
  conversations: ConversationStore;
  /**
   * Tokens of a chat the model is asked with, estimated; over it the oldest turns of a conversation are left out.
   * @default 32000
   */
  maxContextTokens?: number | undefined;
  /**
   * Makes a chat fit, in place of leaving out the oldest turns.
   * @default fitContext
   */
  fitContext?: FitContext | undefined;
  /**
   * How long a person may take to approve a tool call, in milliseconds; then it is refused.
   * @default 300000
   */
  approvalTimeoutMs?: number | undefined;
  /**
   * What the model is told before the question. A function is called once for every query, when it starts; where it throws
   * or rejects, the run fails with `internal_error`.
   * @default none
   */
  systemPrompt?: string | OfAsker<string | undefined, P, Metadata> | undefined;
  /**
   * The model, where the query does not choose one. A function is called once for every query, when it starts; where it
   * throws or rejects, the run fails with `internal_error`.
   * @default that of the provider
   */
  model?: string | OfAsker<string | undefined, P, Metadata> | undefined;
  /**
   * What questions may bring along, where the provider accepts it; `false` for nothing.
   * @default images and files as {@link AttachmentOptions} says
   */
  attachments?: AttachmentOptions | false | undefined;
  /**
   * What a query may choose for itself.
   * @default nothing
   */
  clientMayChoose?: ClientChoices | undefined;
  /**
   * Model calls in one run that may call tools. Where the last of them does, its tools are executed and the model is asked
   * once more, without tools, for what it can say; the run ends with finish reason `max_steps`.
   * @default 8
   */
  maxSteps?: number | undefined;
  /**
   * JSON bytes of one tool result; over it the call fails with `output_too_large`.
   * @default 262144
   */
  maxToolResultBytes?: number | undefined;
  /** @default warnings and errors on the console; `false` for none */
  logger?: Logger | false | undefined;
}

/** The names of {@link AgentExecutorOptions}. */
export const AGENT_EXECUTOR_OPTIONS: KnownOptions<AgentExecutorOptions> = {
  provider: true,
  tools: true,
  ledger: true,
  conversations: true,
  maxContextTokens: true,
  fitContext: true,
  approvalTimeoutMs: true,
  systemPrompt: true,
  model: true,
  attachments: true,
  clientMayChoose: true,
  maxSteps: true,
  maxToolResultBytes: true,
  logger: true,
};

/** The options of an executor, checked, with their defaults. */
export interface ExecutorSettings {
  readonly provider: LlmProvider;
  readonly tools: (asker: Asker) => ToolRegistry;
  readonly ledger: ToolLedger;
  readonly conversations: ConversationStore;
  readonly maxContextTokens: number;
  readonly fitContext: FitContext;
  readonly approvalTimeoutMs: number;
  readonly systemPrompt: OfAsker<string | undefined>;
  readonly model: OfAsker<string | undefined>;
  /** `undefined` where questions may bring nothing along. */
  readonly attachments: AttachmentRules | undefined;
  readonly clientMayChoose: ClientChoices;
  readonly maxSteps: number;
  readonly maxToolResultBytes: number;
  readonly logger: Logger;
}

/** @throws OptionError where an option breaks its rule. */
export function checkExecutorOptions<P extends Principal, Metadata>(
  options: AgentExecutorOptions<P, Metadata>,
): ExecutorSettings {
  checkKnownOptions(options, AGENT_EXECUTOR_OPTIONS);
  const { provider, tools, ledger, systemPrompt, clientMayChoose } = options;
  const { maxSteps = 8, maxToolResultBytes = 262_144 } = options;
  const { maxContextTokens = 32_000, approvalTimeoutMs = 300_000 } = options;
  checkProvider(provider);
  if (!ToolRegistry.isInstance(tools) && typeof tools !== 'function') {
    throw new OptionError('tools', 'a ToolRegistry or a function', tools);
  }
  checkMethods('conversations', 'a ConversationStore, such as a MemoryConversationStore', options.conversations, [
    'append',
    'read',
  ]);
  checkMethods('ledger', 'a ToolLedger, such as a MemoryToolLedger', ledger, ['begin', 'settle', 'forget']);
  checkNumber('maxSteps', maxSteps, { least: 1, integer: true });
  checkNumber('maxToolResultBytes', maxToolResultBytes, { least: 1 });
  for (const [name, value] of Object.entries({ systemPrompt, model: options.model })) {
    if (value !== undefined && typeof value !== 'string' && typeof value !== 'function') {
      throw new OptionError(name, 'a string or a function', value);
    }
  }
  checkNumber('maxContextTokens', maxContextTokens, { least: 1 });
  checkNumber('approvalTimeoutMs', approvalTimeoutMs, { least: 1, most: MAX_DELAY_MS });
  if (options.fitContext !== undefined && typeof options.fitContext !== 'function') {
    throw new OptionError('fitContext', 'a function', options.fitContext);
  }
  checkClientChoices(clientMayChoose);
  return {
    provider,
    tools:
      typeof tools === 'function' ? (asker) => toRegistry(tools(asker as Asker<P, Metadata>)) : () => erased(tools),
    ledger,
    conversations: options.conversations,
    maxContextTokens,
    fitContext: options.fitContext ?? fitContext,
    approvalTimeoutMs,
    systemPrompt: ofAsker(systemPrompt),
    model: ofAsker(options.model),
    attachments: options.attachments === false ? undefined : checkAttachmentOptions(options.attachments),
    clientMayChoose: clientMayChoose ?? {},
    maxSteps,
    maxToolResultBytes,
    logger: checkLogger(options.logger),
  };
}

/** A function in any case. */
function ofAsker<P extends Principal, Metadata>(
  value: string | OfAsker<string | undefined, P, Metadata> | undefined,
): OfAsker<string | undefined> {
  // Who asks is whoever the hooks of the same options made.
  return typeof value === 'function' ? (asker) => value(asker as Asker<P, Metadata>) : () => value;
}

function toRegistry<P extends Principal, Metadata>(
  tools: ToolRegistry<P, Metadata> | Iterable<Tool<P, Metadata>>,
): ToolRegistry {
  return erased(ToolRegistry.isInstance(tools) ? tools : new ToolRegistry(tools));
}

/** Runs carry what the hooks made, by which the tools are typed; the engine itself knows no types of hooks. */
function erased<P extends Principal, Metadata>(tools: ToolRegistry<P, Metadata>): ToolRegistry {
  return tools as ToolRegistry;
}
