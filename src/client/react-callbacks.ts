import type { AgentClientError } from './client-error.js';
import type { ClientRun } from './client-run.js';
import type { ChatMessage, DataPart } from './react-message.js';

/** Callbacks of {@link useConversation}. The newest ones are called; they need not be stable. */
export interface ConversationCallbacks {
  /** Called for a complete answer to a question of any client, while the component is mounted. */
  readonly onFinish?: ((answer: ChatMessage, run: ClientRun) => void) | undefined;
  /**
   * Called if a run failed, was refused or was interrupted, as `answer` says too. Also called, without `answer`, if the
   * history cannot be read. A cancelled run is not an error.
   */
  readonly onError?: ((error: AgentClientError, answer: ChatMessage | undefined) => void) | undefined;
  /** Called if a tool reports data while it works. */
  readonly onData?: ((part: DataPart) => void) | undefined;
}
