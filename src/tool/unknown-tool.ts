import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { listed } from '../runtime/listed.js';
import { nearest } from '../protocol/nearest.js';
import { LIMITS } from '../protocol/version.js';

/** The error for a tool that does not exist among the usable ones. */
export function unknownTool(asked: string, usable: readonly string[]): AgentSocketError {
  const name = asked.slice(0, LIMITS.idLength);
  const meant = nearest(name, usable);
  const there = usable.length === 0 ? 'there are none here' : `there are ${listed(usable)}`;
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
  return new AgentSocketError('unknown_tool', `There is no tool ${JSON.stringify(name)}; ${there}${hint}`);
}
