import * as z from 'zod';
import { requestId, timestamp } from './server-fields.js';

/** The server's messages about who the client is. */
export const authMessages = {
  authenticated: z
    .object({
      type: z.literal('authenticated'),
      timestamp,
      principal_id: z.string().describe('Who owns this connection and its runs.'),
      expires_at: z.number().optional().describe('When the credentials end, in Unix seconds; absent if they do not.'),
      request_id: requestId.optional(),
    })
    .describe(
      'The token of `auth` is accepted. After the first `auth` of a connection `connected` follows. Only for clients that negotiated the subprotocol.',
    ),
  auth_expiring: z
    .object({
      type: z.literal('auth_expiring'),
      timestamp,
      expires_in_ms: z.int().min(0).describe('When the credentials end.'),
    })
    .describe(
      'The credentials end soon: send `auth` with newer ones, or the connection is closed with 4401. Only for clients that negotiated the subprotocol.',
    ),
} as const;
