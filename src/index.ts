// The server
export { createAgentSocketServer, type AgentSocketServer } from './server.js';
export type { AgentSocketServerOptions } from './options.js';
export type { CloseOptions } from './shutdown.js';
export { tokenOf } from './auth/token-of.js';
export { VERSION } from './version.js';

// Connections
export { ConnectionManager } from './connection/connection-manager.js';
export type { ConnectionManagerOptions } from './connection/connection-options.js';
export type { Connection, ConnectionInfo } from './connection/connection.js';
export { ANONYMOUS, type Principal } from './connection/principal.js';
export type { Action } from './permission/actions.js';
export type { Decide } from './permission/decide.js';
export type { Socket, SocketListener } from './connection/socket.js';

// Messages; their schemas are in agent-ws/protocol
export { MessageHandler } from './message/message-handler.js';
export type { MessageHandlerOptions } from './message/message-handler-options.js';
export { defineMessage, type CustomMessageType } from './message/custom-message.js';
export type { ErrorCode, FinishReason, RunState, Usage } from './protocol/index.js';

// Runs
export type { CreatedRun } from './run/run-events.js';
export { RunManager } from './run/run-manager.js';
export type { RunAsker } from './run/run-asker.js';
export type { RunUsage } from './run/run-usage.js';
export type { RunManagerOptions } from './run/run-manager-options.js';
export type { RunExecutor } from './run/run-executor.js';
export { AgentExecutor } from './agent/executor.js';
export type { AgentExecutorOptions } from './agent/executor-options.js';
export type { ClientChoices } from './agent/client-choices.js';
export type { Run } from './run/run.js';
export type { RunHandle } from './run/run-handle.js';
export type { RunOutcome, RunWorker } from './run/run-worker.js';

// Stores
export { createMemoryStore } from './stores/memory/memory-store.js';
export type { MemoryStoreOptions } from './stores/memory/options.js';
export type { Store } from './store/store.js';
export type { Awaitable } from './runtime/awaitable.js';
export type { Claim, RunKind, RunMeta, RunStore, StoredRun } from './store/run-store.js';
export type { RunEntry, RunLog, WireEntry } from './log/run-log.js';
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
export type { LedgerEntry, LedgerKey, ToolLedger } from './tool/tool-ledger.js';

// Rooms
export { Rooms } from './room/rooms.js';
export type { RoomStore } from './store/room-store.js';

// The model
export type {
  LlmAttachment,
  LlmMessage,
  LlmPart,
  LlmProvider,
  LlmRequest,
  LlmStreamOptions,
} from './agent/llm-provider.js';
export type { LlmAttachmentType } from './store/conversation-store.js';
export { fitContext, type FitContext } from './agent/context-window.js';

// Tools
export { defineTool, type Tool, type ToolCallInfo, type ToolContext, type ToolDefinition } from './tool/tool.js';
export { ToolRegistry } from './tool/tool-registry.js';
export type { Asker } from './tool/asker.js';
export type { JsonObject, JsonSchema, LlmTool, LlmToolCall } from './tool/llm-tool.js';
export type { StandardSchema } from './tool/standard-schema.js';
export { calculator } from './tools/calculator.js';
export { createCurrentTime, currentTime } from './tools/current-time.js';

// Errors and reports
export { AgentSocketError } from './protocol/agent-socket-error.js';
export { OptionError } from './runtime/option-error.js';
export type { Logger } from './runtime/logger.js';
export type { AuditEvent } from './telemetry/audit.js';
