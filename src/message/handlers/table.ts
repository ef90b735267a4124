import type { HandlerTable } from '../handler-context.js';
import { handleApproval } from './approval.js';
import { handleAttachment } from './attachment.js';
import { handleAuth } from './auth.js';
import { handleCancel } from './cancel.js';
import { handleDeleteConversation } from './delete-conversation.js';
import { handleHistory } from './history.js';
import { handleListConversations } from './list-conversations.js';
import { handleListRuns } from './list-runs.js';
import { handlePing } from './ping.js';
import { handleResume } from './resume.js';
import { handleRunRequest } from './run-request.js';
import { handleJoin, handleLeave, handlePresence, handleRoomMessage } from './room.js';
import { handleSelectBranch } from './select-branch.js';
import { handleUpdateConversation } from './update-conversation.js';
import { handleWatch } from './watch.js';

/** The handler of every client message. */
export const handlers: HandlerTable = {
  ping: handlePing,
  agent_query: handleRunRequest,
  streaming_query: handleRunRequest,
  tool_call: handleRunRequest,
  auth: handleAuth,
  cancel: handleCancel,
  resume: handleResume,
  list_runs: handleListRuns,
  approval: handleApproval,
  watch: handleWatch,
  history: handleHistory,
  select_branch: handleSelectBranch,
  attachment: handleAttachment,
  list_conversations: handleListConversations,
  update_conversation: handleUpdateConversation,
  delete_conversation: handleDeleteConversation,
  join: handleJoin,
  leave: handleLeave,
  room_message: handleRoomMessage,
  presence: handlePresence,
};
