import type { TurnOptions } from './conversation.js';

/** Options of a question of {@link useConversation}. */
export interface SendOptions extends TurnOptions {
  /**
   * Whether the answer comes in one piece.
   * @default false
   */
  readonly whole?: boolean | undefined;
}
