import * as z from 'zod';
import { from, memberId, memberState, room } from './room-fields.js';
import { requestId, runId, runKind, timestamp } from './server-fields.js';

const ONLY_NEGOTIATED = 'Only for clients that negotiated the subprotocol.';

/** Server messages about rooms: part of `serverMessages`. */
export const roomMessages = {
  room_joined: z
    .object({
      type: z.literal('room_joined'),
      timestamp,
      room,
      epoch: z.string().describe('Identity of the log: positions in another one mean nothing here.'),
      after: z.int().min(0).describe('The server now sends the events after this `seq`.'),
      head: z.int().min(0).describe('The newest `seq` of the room.'),
      recovered: z
        .boolean()
        .optional()
        .describe(
          'Present if the client named a position, or lost its own: whether the events that follow continue it without a gap. If not, the client discards what it has, and all that is kept follows.',
        ),
      member_id: memberId.describe('Which member this client is.'),
      request_id: requestId.optional(),
    })
    .describe(
      `The answer to \`join\`. Without \`request_id\`: the room dropped events before a slow client had them. ${ONLY_NEGOTIATED}`,
    ),
  room_left: z
    .object({ type: z.literal('room_left'), timestamp, room, request_id: requestId.optional() })
    .describe(
      `The answer to \`leave\`. Without \`request_id\`: the server took this connection out of the room. ${ONLY_NEGOTIATED}`,
    ),
  room_published: z
    .object({
      type: z.literal('room_published'),
      timestamp,
      room,
      message_id: z.string().describe('The message.'),
      position: z.int().min(1).describe('Its `seq` in the room.'),
      request_id: requestId.optional(),
    })
    .describe(`The answer to \`room_message\`: the message is kept and sent to all members. ${ONLY_NEGOTIATED}`),
  room_event: z
    .object({
      type: z.literal('room_event'),
      room,
      message_id: z.string().describe('Identity of the event.'),
      from: from.optional().describe('Who said it; absent if the server did.'),
      content: z.string().optional().describe('Text; the question if `run` is present.'),
      data: z.unknown().optional().describe('Any other JSON.'),
      run: z.object({ run_id: runId, kind: runKind }).optional().describe('The run that answers this question.'),
      created_at: z.number().describe('Unix time in seconds.'),
      seq: z.int().min(1).describe('Position in the log of the room, from 1 without holes.'),
    })
    .describe(`Something was said in a room. ${ONLY_NEGOTIATED}`),
  presence: z
    .object({
      type: z.literal('presence'),
      room,
      count: z.int().min(0).describe('How many members the room has.'),
      members: z
        .array(
          z.object({
            member_id: memberId,
            name: z.string(),
            data: z.record(z.string(), z.unknown()).optional(),
            state: memberState.optional(),
          }),
        )
        .describe(
          'Members who came or changed; with `full`, the first of all members, and messages without it add more.',
        ),
      left: z.array(z.string()).optional().describe('Members who left, by their ids.'),
      agent: memberState.optional().describe('What the agent of the room does; absent if it does nothing.'),
      full: z.literal(true).optional().describe('Discard what is known of the members: this begins a new list.'),
    })
    .describe(`Who is in a room, and what they do. Changes are collected for a moment. ${ONLY_NEGOTIATED}`),
} as const;
