import type { AgentClient, RunKind } from '../../client/index.js';
import { parseMessage, textOf, type Message } from '../frames/frames.js';
import { readLoose } from './loose.js';
import { recording } from './link.js';
import { isFollowed } from './tracks.js';

const KINDS: ReadonlySet<string> = new Set(['streaming_query', 'agent_query', 'tool_call'] satisfies RunKind[]);

/** Shows the runs that were asked for in raw JSON like all others. */
export function showRawRuns(client: AgentClient): () => void {
  return client.on('message', (message) => {
    const runId = textOf(message, 'run_id');
    if (message.type !== 'accepted' || runId === undefined || isFollowed(runId)) return;
    const asked = recording.frames.all.findLast(
      ({ source, direction, type }) => source === 'client' && direction === 'out' && KINDS.has(type),
    );
    if (asked === undefined) return;
    const request: Message = parseMessage(asked.text) ?? {};
    const title = textOf(request, 'query') ?? textOf(request, 'tool_name') ?? runId;
    const params = request['params'] as Readonly<Record<string, unknown>> | undefined;
    readLoose(client, runId, { kind: asked.type as RunKind, title, ...(params !== undefined && { params }) });
  });
}
