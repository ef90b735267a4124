import type { AgentClientError } from './client-error.js';
import type { ClientRun } from './client-run.js';
import type { ChatMessage, DataPart } from './react-message.js';

/** What {@link useConversation} calls. The newest ones count; they need not stay the same. */
export interface ConversationCallbacks {
  /** An answer is whole: one that was asked for here or elsewhere, while the component is there. */
  readonly onFinish?: ((answer: ChatMessage, run: ClientRun) => void) | undefined;
  /**
   * A run failed, was refused or interrupted: `answer` says it too. Or the history cannot be read: then there is no
   * `answer`. One that was cancelled is no error.
   */
  readonly onError?: ((error: AgentClientError, answer: ChatMessage | undefined) => void) | undefined;
  /** A tool that is at work reports. */
  readonly onData?: ((part: DataPart) => void) | undefined;
}
