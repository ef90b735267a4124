import type { Connection } from '../../connection/connection.js';
import { inTurn } from '../../connection/turn.js';
import type { RunRequest } from '../../protocol/client-messages.js';
import { andThen, type Awaitable } from '../../runtime/awaitable.js';
import type { RunAsker } from '../../run/run-asker.js';
import type { RunHandle } from '../../run/run-handle.js';
import type { HandlerContext } from '../handler-context.js';
import { conversationOf } from '../run-place.js';
import { readOn } from './read-on.js';
import { roomsOf } from './room.js';

type QueryRequest = Exclude<RunRequest, { type: 'tool_call' }>;

/**
 * Creates a run for a query or a tool call, lets the connection read it, and starts it. If the id is known, the connection
 * reads the run that has it from the beginning, and nothing is executed.
 */
export function handleRunRequest(
  context: HandlerContext,
  connection: Connection,
  request: RunRequest,
): Awaitable<void> {
  return 'query' in request && request.room !== undefined
    ? askInRoom(context, connection, request, request.room)
    : inTurn(connection, () => create(context, connection, request, { principal: connection.principal }));
}

/** Asks a question in a room: run and conversation belong to the room, and its log says that the question was asked. */
function askInRoom(
  context: HandlerContext,
  connection: Connection,
  request: QueryRequest,
  room: string,
): Awaitable<void> {
  return inTurn(connection, () => {
    const { principal } = connection;
    const rooms = roomsOf(context);
    const reader = rooms.readerOf(connection, room);
    const { owner, id } = conversationOf(context, connection, {
      room,
      conversation_id: request.conversation_id ?? room,
    });
    rooms.count(reader);
    const author = { memberId: reader.member.id, name: reader.member.name };
    return create(context, connection, { ...request, conversation_id: id }, { principal, owner, author }, (run) =>
      rooms.postRun(reader, {
        content: request.query,
        messageId: run.id,
        run: { run_id: run.id, kind: run.meta.kind },
      }),
    );
  });
}

function create(
  context: HandlerContext,
  connection: Connection,
  request: RunRequest,
  { principal, owner, author }: RunAsker,
  created?: (run: RunHandle) => void,
): Awaitable<void> {
  const { runs, readers } = context;
  const { id: connectionId, metadata, remoteAddress, negotiated: canApprove } = connection;
  const { request_id: requestId, traceparent } = request;
  const trace = traceparent === undefined ? connection.trace : { traceparent };
  readers.check(connection, request.run_id);
  return andThen(
    // Listed, not spread: a copy has a hidden class of its own, and every look at it misses its cache.
    runs.create({ principal, owner, author, metadata, remoteAddress, connectionId, canApprove, trace }, request),
    (claimed) => {
      const { run } = claimed;
      if (!claimed.isNew) return readOn(context, connection, run, { after: 0, requestId });
      if (connection.negotiated) {
        const timestamp = connection.timestamp();
        connection.sendMessage({
          type: 'accepted',
          timestamp,
          run_id: run.id,
          state: run.state,
          request_id: requestId,
        });
      }
      readers.open(connection, run, { after: 0, requestId });
      runs.start(claimed.run);
      created?.(claimed.run);
    },
  );
}
