/** `agent-ws/client`: asks agents over a connection that may break, in browsers and in Node. */
export { createAgentClient } from './create-agent-client.js';
export type { AgentClient, ResumeOptions } from './client.js';
export type { AgentClientOptions, MessageEncryption } from './options.js';
export type { AgentClientEvents, AttachmentLimits, Greeting, SelectedBranch } from './client-events.js';
export {
  AgentClientError,
  CLIENT_ERROR_CODES,
  type AgentClientErrorOptions,
  type ClientErrorCode,
} from './client-error.js';
export type { ConnectionState } from './connection.js';
export type { ApprovalOutcome, ClientRun } from './client-run.js';
export type {
  ClientRoom,
  ClientRoomEvents,
  JoinOptions,
  RoomMember,
  RoomMessage,
  RoomPost,
  RoomQueryOptions,
  RoomState,
} from './client-room.js';
export type {
  ClientRunState,
  EndState,
  PendingApproval,
  QueuePlace,
  RunAnswer,
  RunEvent,
  RunEventOf,
  RunKind,
  RunPlace,
  RunUsage,
  ToolCall,
  ToolFailure,
} from './run-event.js';
export type { OwnMessage, OwnRequestOptions } from './own-message.js';
export type { PageOptions, QueryOptions, RequestOptions, RunOptions } from './run-options.js';
export type { AttachmentInput } from './attachments.js';
export type { Conversation, ConversationChange, TurnOptions } from './conversation.js';
export type {
  AttachmentInfo,
  ConversationInfo,
  ConversationPage,
  HistoryMessage,
  HistoryPage,
  RunInfo,
} from './history.js';
export type { StartedRun } from './watches.js';
export type { WebSocketClass, WebSocketLike } from './web-socket.js';
