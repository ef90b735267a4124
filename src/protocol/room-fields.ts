import * as z from 'zod';

/** Fields that messages about rooms share. */

export const room = z.string().describe('The room.');
export const memberId = z
  .string()
  .describe('The member: one for all connections of a principal, the same in every session, another in each room.');
export const memberState = z
  .enum(['idle', 'typing', 'thinking', 'streaming', 'waiting'])
  .describe('What the member does just now.');
export const from = z.object({ member_id: memberId, name: z.string() }).describe('Who said it.');

/** What somebody in a room does just now. */
export type MemberState = z.output<typeof memberState>;
