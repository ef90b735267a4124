import type { TurnOptions } from './conversation.js';

/** What a question of {@link useConversation} takes. */
export interface SendOptions extends TurnOptions {
  /**
   * Whether the answer comes in one piece.
   * @default false
   */
  readonly whole?: boolean | undefined;
}
