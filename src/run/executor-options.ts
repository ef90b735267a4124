import { checkProvider } from '../agent/check-provider.js';
import { fitContext, type FitContext } from '../agent/context-window.js';
import type { LlmProvider } from '../agent/llm-provider.js';
import type { ToolLedger } from '../agent/tool-ledger.js';
import { ToolRegistry } from '../agent/tool-registry.js';
import type { ConversationStore } from '../conversation/conversation-store.js';
import { MemoryConversationStore } from '../conversation/memory-conversation-store.js';
import { checkMethods } from '../errors/check-methods.js';
import { checkNumber, MAX_DELAY_MS } from '../errors/check-number.js';
import { OptionError } from '../errors/option-error.js';
import { checkLogger, type Logger } from '../logging/logger.js';
import { checkClientChoices, type ClientChoices } from './client-choices.js';

/** What an `AgentExecutor` takes. */
export interface AgentExecutorOptions {
  /** The model behind the queries. */
  provider: LlmProvider;
  /** The tools of the model and of `tool_call`. */
  tools: ToolRegistry;
  /** Remembers which tool calls were started. */
  ledger: ToolLedger;
  /**
   * What was said in conversations.
   * @default a new `MemoryConversationStore`
   */
  conversations?: ConversationStore | undefined;
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
   * What the model is told before the question.
   * @default none
   */
  systemPrompt?: string | undefined;
  /**
   * What a query may choose for itself.
   * @default nothing
   */
  clientMayChoose?: ClientChoices | undefined;
  /**
   * Model calls in one run; where the last still calls tools the run ends with finish reason `max_steps`.
   * @default 8
   */
  maxSteps?: number | undefined;
  /**
   * JSON bytes of one tool result; over it the call fails with `output_too_large`.
   * @default 262144
   */
  maxToolResultBytes?: number | undefined;
  /** @default silent */
  logger?: Logger | undefined;
}

/** The options of an executor, checked, with their defaults. */
export interface ExecutorSettings {
  readonly provider: LlmProvider;
  readonly tools: ToolRegistry;
  readonly ledger: ToolLedger;
  readonly conversations: ConversationStore;
  readonly maxContextTokens: number;
  readonly fitContext: FitContext;
  readonly approvalTimeoutMs: number;
  readonly systemPrompt: string;
  readonly clientMayChoose: ClientChoices;
  readonly maxSteps: number;
  readonly maxToolResultBytes: number;
  readonly logger: Logger;
}

/** @throws OptionError where an option breaks its rule. */
export function checkExecutorOptions(options: AgentExecutorOptions): ExecutorSettings {
  const { provider, tools, ledger, systemPrompt, clientMayChoose } = options;
  const { maxSteps = 8, maxToolResultBytes = 262_144 } = options;
  const { maxContextTokens = 32_000, approvalTimeoutMs = 300_000 } = options;
  checkProvider(provider);
  if (!ToolRegistry.isInstance(tools)) throw new OptionError('tools', 'a ToolRegistry', tools);
  checkMethods('ledger', 'a ToolLedger, such as a MemoryToolLedger', ledger, ['begin', 'settle', 'forget']);
  checkNumber('maxSteps', maxSteps, { least: 1, integer: true });
  checkNumber('maxToolResultBytes', maxToolResultBytes, { least: 1 });
  if (systemPrompt !== undefined && typeof systemPrompt !== 'string') {
    throw new OptionError('systemPrompt', 'a string', systemPrompt);
  }
  checkNumber('maxContextTokens', maxContextTokens, { least: 1 });
  checkNumber('approvalTimeoutMs', approvalTimeoutMs, { least: 1, most: MAX_DELAY_MS });
  if (options.fitContext !== undefined && typeof options.fitContext !== 'function') {
    throw new OptionError('fitContext', 'a function', options.fitContext);
  }
  checkClientChoices(clientMayChoose);
  return {
    provider,
    tools,
    ledger,
    conversations: options.conversations ?? new MemoryConversationStore(),
    maxContextTokens,
    fitContext: options.fitContext ?? fitContext,
    approvalTimeoutMs,
    systemPrompt: systemPrompt ?? '',
    clientMayChoose: clientMayChoose ?? {},
    maxSteps,
    maxToolResultBytes,
    logger: checkLogger(options.logger),
  };
}
