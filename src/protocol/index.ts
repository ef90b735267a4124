/** `agent-ws/protocol`: the protocol as schemas, tables and types. Runs in a browser. */
export {
  clientMessages,
  type ClientMessage,
  type ClientMessageInput,
  type ClientMessageOf,
  type ClientMessageType,
  type RunRequest,
} from './client-messages.js';
export {
  CORE_TYPES,
  TERMINAL_TYPES,
  serverMessages,
  type CancelReason,
  type CustomMessage,
  type FinishReason,
  type RunState,
  type ServerMessage,
  type ServerMessageOf,
  type ServerMessageType,
  type Usage,
} from './server-messages.js';
export type { CloseCodeName } from './close-codes.js';
export { CLOSE_CODES, closeCodeInfo, type DocumentedCloseCode as CloseCodeInfo } from './documented-close-codes.js';
export { ERROR_CODES, type ErrorCode, type ErrorCodeInfo } from './error-codes.js';
export { DEFAULT_PATH, LIMITS, SUBPROTOCOL } from './version.js';
