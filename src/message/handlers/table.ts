import type { HandlerTable } from '../handler-context.js';
import { handleCancel } from './cancel.js';
import { handlePing } from './ping.js';
import { handleRunRequest } from './run-request.js';

/** The handler of every client message. */
export const handlers: HandlerTable = {
  ping: handlePing,
  agent_query: handleRunRequest,
  streaming_query: handleRunRequest,
  tool_call: handleRunRequest,
  cancel: handleCancel,
};
