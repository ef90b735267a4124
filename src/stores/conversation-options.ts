import type { OptionTable } from '../runtime/option-table.js';
import { size } from '../runtime/rule.js';

/** How much a store in memory keeps of conversations; one on a disk has other defaults. */
export const CONVERSATION_OPTIONS = {
  maxConversationBytes: {
    text: 'Size of all conversations together.',
    rule: size(0),
    default: 134_217_728,
  },
  maxOwnerConversationBytes: {
    text: 'Size of the conversations of one owner.',
    rule: size(0),
    defaultText: 'maxConversationBytes',
  },
} as const satisfies OptionTable<{
  maxConversationBytes?: number | undefined;
  maxOwnerConversationBytes?: number | undefined;
}>;
