import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { ADDRESS_DETAIL } from '../run/run-errors.js';

export function notJoined(): AgentSocketError {
  return new AgentSocketError('room_not_joined', 'The connection has not joined this room');
}

export function roomFull(most: number): AgentSocketError {
  return new AgentSocketError('room_full', `The room has ${most} connections, as many as it may have`);
}

export function connectionHasTooManyRooms(most: number): AgentSocketError {
  return new AgentSocketError('too_many_rooms', `A connection joins ${most} rooms at most`);
}

export function serverHasTooManyRooms(): AgentSocketError {
  return new AgentSocketError('too_many_rooms', 'The server has as many rooms as it may have');
}

/** An owner, or an address, has opened as many rooms as it may. */
export function openedTooMany(of: 'owner' | 'address'): AgentSocketError {
  const holder = of === 'owner' ? 'You have' : 'The clients of your address have';
  return new AgentSocketError('too_many_rooms', `${holder} opened as many rooms as one may`, {
    detail: of === 'address' ? ADDRESS_DETAIL : undefined,
  });
}

export function tooFast(waitMs: number): AgentSocketError {
  return new AgentSocketError('rate_limited', 'Too many messages in this room', { retryAfterMs: Math.ceil(waitMs) });
}

/** A field that the schema cannot check, since the operator sets its limit. */
export function badField(path: string, message: string): AgentSocketError {
  return new AgentSocketError('invalid_message', `Invalid message: \`${path}\` ${message}`, {
    issues: [{ path, message: `\`${path}\` ${message}` }],
  });
}
