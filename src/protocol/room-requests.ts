import * as z from 'zod';
import { requestId, uuid } from './client-fields.js';
import { memberState } from './room-fields.js';
import { LIMITS } from './version.js';

export const roomName = z.string().min(1).max(LIMITS.idLength).describe('The room, by its name.');

/** Words of visible characters with one space between them: a name must not look like two lines, or like nothing. */
const memberName = z
  .string()
  .max(LIMITS.memberNameLength)
  .regex(/^[\p{L}\p{N}\p{M}\p{P}\p{S}]+(?: [\p{L}\p{N}\p{M}\p{P}\p{S}]+)*$/u, {
    error: 'must be words of visible characters with one space between them',
  })
  .describe('The name that others see. Ignored for a principal whose name the server knows.');

const memberData = z
  .record(z.string(), z.unknown())
  .refine((data) => new TextEncoder().encode(JSON.stringify(data)).length <= LIMITS.memberDataBytes, {
    error: `must be at most ${LIMITS.memberDataBytes} bytes of JSON`,
  })
  .describe('What others see of the member besides the name: at most 1 KiB of JSON. Replaces the earlier data.');

/** Client messages about rooms: part of `clientMessages`. */
export const roomRequests = {
  join: z
    .object({
      type: z.literal('join'),
      room: roomName,
      after: z.int().min(0).optional().describe('The last `seq` the client has applied. Without it, all that is kept.'),
      epoch: z.string().max(LIMITS.idLength).optional().describe('The `epoch` of the log that `after` belongs to.'),
      name: memberName.optional(),
      data: memberData.optional(),
      request_id: requestId.optional(),
    })
    .describe('Joins a room, or continues to read it. Answered by `room_joined`, then by every event after `after`.'),
  leave: z
    .object({ type: z.literal('leave'), room: roomName, request_id: requestId.optional() })
    .describe('Leaves a room. Answered by `room_left`.'),
  room_message: z
    .object({
      type: z.literal('room_message'),
      room: roomName,
      content: z.string().min(1).optional().describe('Text for the members.'),
      data: z.unknown().optional().describe('Any other JSON for the members.'),
      message_id: uuid
        .optional()
        .describe('Idempotency key: a repeated message is not published again. The server makes one without it.'),
      request_id: requestId.optional(),
    })
    .refine(({ content, data }) => content !== undefined || data !== undefined, {
      error: 'needs `content` or `data`',
    })
    .describe('Says something in a room. Answered by `room_published`; all members get `room_event`.'),
  presence: z
    .object({
      type: z.literal('presence'),
      room: roomName,
      state: memberState.optional().describe('What the member does just now; `idle` for nothing.'),
      data: memberData.optional(),
      request_id: requestId.optional(),
    })
    .describe('Changes what others see of the member. Not answered; all members get `presence`.'),
} as const;
