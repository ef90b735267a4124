import * as z from 'zod';
import { json, type Reply } from './reply.js';
import type { Route } from './route.js';

/** The body of `GET /ws/key`: a JWK (RFC 7517). */
export const messageKeySchema = z
  .object({
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    x: z.string().describe('A coordinate of the key, in base64url.'),
    y: z.string().describe('The other coordinate.'),
    kid: z.string().describe('The thumbprint of the key (RFC 7638, SHA-256), which clients pin.'),
    use: z.literal('enc'),
  })
  .describe('The public key for encrypted messages.');

export type MessageKeyBody = z.output<typeof messageKeySchema>;

/** `GET /ws/key`, if the server encrypts messages. */
export function messageKeyRoutes(key: (() => MessageKeyBody) | undefined): Route[] {
  if (key === undefined) return [];
  let published: MessageKeyBody | undefined;
  let reply: Reply | undefined;
  const replyWith = (current: MessageKeyBody): Reply => {
    if (reply !== undefined && current === published) return reply;
    published = current;
    return (reply = json(200, current, { cacheable: true }));
  };
  return [
    {
      path: '/ws/key',
      summary: { en: 'The public key for encrypted messages', zh: '加密消息所用的公钥' },
      answers: [{ status: 200, meaning: 'The key.', type: 'application/json', schema: 'MessageKey' }],
      reply: () => replyWith(key()),
    },
  ];
}
