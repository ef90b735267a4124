// The server
export { createAgentSocketServer, type AgentSocketServer } from './server.js';
export type { AgentSocketServerOptions } from './options.js';
export type { CloseOptions } from './shutdown.js';
export { VERSION } from './version.js';

// Connections
export { ConnectionManager, type ConnectionEvents, type Slot } from './connection/connection-manager.js';
export type { ConnectionManagerOptions } from './connection/connection-options.js';
export type { Connection, ConnectionInfo, ConnectionReader } from './connection/connection.js';
export { ANONYMOUS, type Principal } from './connection/principal.js';
export type { Socket, SocketListener } from './connection/socket.js';
export type { ConnectionRecord, ConnectionStatistics } from './connection/statistics.js';

// Messages
export { MessageHandler, type MessageEvents, type MessageHandlerOptions } from './message/message-handler.js';
export {
  defineMessage,
  type CustomMessageDefinition,
  type CustomMessageType,
  type Reply,
} from './message/custom-message.js';

// Runs
export { RunManager, type CreatedRun, type RunEvents } from './run/run-manager.js';
export type { RunAsker } from './run/run-asker.js';
export type { RunManagerOptions } from './run/run-manager-options.js';
export type { RunExecutor } from './run/run-executor.js';
export { AgentExecutor } from './agent/executor.js';
export type { AgentExecutorOptions } from './agent/executor-options.js';
export type { ClientChoices } from './agent/client-choices.js';
export type { Run } from './run/run.js';
export type { RunHandle } from './run/run-handle.js';
export type { RunOptions, RunOutcome, RunWorker, StopCause } from './run/run-worker.js';
export type { ApprovalCall, ApprovalRecord, Approvals, Decision } from './run/approvals.js';
export type { Awaitable } from './runtime/awaitable.js';
export type { RunMessage } from './log/run-message.js';
export type { RunReader, RunReaders } from './log/run-readers.js';
export type { MessageEntry, RunEntry, RunLog, TextEntry, WireEntry } from './log/run-log.js';
export type { Claim, RunKind, RunMeta, RunStore, StoredRun } from './store/run-store.js';
export type { Store } from './store/store.js';
export { createMemoryStore, type MemoryStoreOptions } from './stores/memory/memory-store.js';
export type { FinalState } from './store/run-state.js';
export { MemoryRunStore } from './stores/memory/memory-run-store.js';

// Conversations
export type {
  ConversationChange,
  ConversationInfo,
  ConversationKey,
  ConversationMessage,
  ConversationStore,
  MessagePageRequest,
  Page,
  PageRequest,
} from './store/conversation-store.js';
export {
  MemoryConversationStore,
  type MemoryConversationStoreOptions,
} from './stores/memory/memory-conversation-store.js';
export { fitContext, type FitContext } from './agent/context-window.js';

// The model and its tools
export type { Asker } from './tool/asker.js';
export type { JsonObject, JsonSchema, LlmTool, LlmToolCall } from './tool/llm-tool.js';
export type {
  LlmAssistantMessage,
  LlmAttachment,
  LlmMessage,
  LlmPart,
  LlmProvider,
  LlmRequest,
  LlmStreamOptions,
} from './agent/llm-provider.js';
export type { LlmAttachmentType } from './store/conversation-store.js';
export type { LlmOrigin } from './store/llm-origin.js';
export { defineTool, type Tool, type ToolCallInfo, type ToolContext, type ToolDefinition } from './tool/tool.js';
export { ToolRegistry } from './tool/tool-registry.js';
export { MemoryToolLedger } from './stores/memory/memory-tool-ledger.js';
export type { LedgerEntry, LedgerKey, ToolLedger } from './tool/tool-ledger.js';
export type { SchemaOutput, StandardIssue, StandardResult, StandardSchema } from './tool/standard-schema.js';
export { createDemoProvider, type DemoProviderOptions } from './providers/demo.js';
export { calculator } from './tools/calculator.js';
export { createCurrentTime, currentTime } from './tools/current-time.js';

// The handshake
export { tokenOf } from './http/token.js';

// Errors and logging
export { AgentSocketError, type AgentSocketErrorOptions, type FieldIssue } from './protocol/agent-socket-error.js';
export { OptionError } from './runtime/option-error.js';
export { TypedEmitter } from './runtime/typed-emitter.js';
export type { LogIds } from './runtime/log-ids.js';
export { silentLogger, type Logger, type LogMethod } from './runtime/logger.js';

// The wire
export {
  CLOSE_CODES,
  DEFAULT_PATH,
  ERROR_CODES,
  SUBPROTOCOL,
  type CancelReason,
  type ClientMessage,
  type CustomMessage,
  type ErrorCode,
  type FinishReason,
  type RunRequest,
  type RunState,
  type ServerMessage,
  type Usage,
} from './protocol/index.js';
