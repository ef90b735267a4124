import type { QueryAttachment, RunRequest } from '../protocol/client-messages.js';
import type { Principal } from '../connection/principal.js';
import type { AttachmentInfo } from '../store/conversation-store.js';
import type { RunAsker } from './run-asker.js';
import type { RunOptions } from './run-worker.js';

/** What a worker needs, besides the options, to do a run that was asked for at another node: plain data. */
export interface RunOrder {
  readonly request: RunRequest;
  /** Who asks: id and scopes. What the application added to the principal stays in its process. */
  readonly principal: Principal;
}

/** The order of a request, as JSON. */
export function encodeOrder({ request, principal: { id, scopes } }: RunOrder): string {
  return JSON.stringify({ request, principal: { id, scopes } } satisfies RunOrder);
}

/** Reads what {@link encodeOrder} wrote. */
export function decodeOrder(order: string): RunOrder {
  return JSON.parse(order) as RunOrder;
}

/** The options of a run as its request gives them. */
export function optionsOf(asker: RunAsker, request: RunRequest): RunOptions {
  const isQuery = 'query' in request;
  return {
    onDisconnect: request.on_disconnect,
    canApprove: asker.canApprove ?? false,
    query: isQuery ? request.query : undefined,
    attachments: isQuery ? request.attachments?.map(describeAttachment) : undefined,
    replaceFrom: isQuery ? request.replace_from : undefined,
    author: asker.author,
  };
}

function describeAttachment({ type, media_type: mediaType, name, data, url }: QueryAttachment): AttachmentInfo {
  return { type, mediaType, name, bytes: data === undefined ? undefined : Buffer.byteLength(data, 'base64'), url };
}
