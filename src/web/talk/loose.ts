import type { AgentClient, AttachmentInput, ClientRun, QueryOptions, RunKind } from '../../client/index.js';
import { parseMessage, requestedBy, textOf } from '../frames/frames.js';
import { recording } from '../frames/recording.js';
import { Value } from '../ui/signal.js';
import { followOwn, isFollowed } from './tracks.js';
import { readOfTab, writeOfTab } from './tab.js';

/** What a run outside of a conversation was asked for. */
export interface LooseRequest {
  readonly kind: RunKind;
  /** The question, or the name of the tool. */
  readonly title: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Without the attachments after a reload. */
  readonly options?: Omit<QueryOptions, 'attachments'>;
}

/** A run outside of a conversation. */
export interface LooseRun {
  readonly run: ClientRun;
  readonly request: LooseRequest;
  readonly attachments: readonly AttachmentInput[];
  /** Unix time in milliseconds. */
  readonly createdAt: number;
}

interface KeptRun {
  readonly id: string;
  readonly request: LooseRequest;
  readonly createdAt: number;
}

const MAX_KEPT = 20;
const KINDS: ReadonlySet<string> = new Set(['streaming_query', 'agent_query', 'tool_call'] satisfies RunKind[]);

/** Runs that are part of no conversation, oldest first. */
export const looseRuns = new Value<readonly LooseRun[]>([]);

/** Asks for a run outside of a conversation. */
export function askLoose(
  client: AgentClient,
  request: LooseRequest,
  attachments: readonly AttachmentInput[] = [],
): ClientRun {
  const { kind, title, params, options = {} } = request;
  const asked: QueryOptions = attachments.length > 0 ? { ...options, attachments } : options;
  const run =
    kind === 'tool_call'
      ? client.callTool(title, params, options)
      : kind === 'agent_query'
        ? client.ask(title, asked)
        : client.stream(title, asked);
  return addLoose({ run, request, attachments, createdAt: Date.now() });
}

/** Reads a run that is there: one that was asked for in raw JSON, or one of the list of the server. */
export function readLoose(client: AgentClient, runId: string, request: LooseRequest, createdAt = Date.now()): void {
  addLoose({ run: client.resume(runId), request, attachments: [], createdAt });
}

/** Reads on what this tab asked for before it was loaded again, and what it lost when it disconnected. */
export function resumeLoose(client: AgentClient): void {
  for (const { id, request, createdAt } of readOfTab('loose-runs', isKeptRun)) {
    readLoose(client, id, request, createdAt);
  }
  client.on('connected', () => {
    for (const { run, request, createdAt } of looseRuns.value) {
      if (run.error?.code === 'client_closed') readLoose(client, run.id, request, createdAt);
    }
  });
}

/** Shows the runs that were asked for in raw JSON like all others. */
export function followRaw(client: AgentClient): void {
  client.on('message', (message) => {
    const runId = textOf(message, 'run_id');
    if (message.type !== 'accepted' || runId === undefined || isFollowed(runId)) return;
    const asked = recording.frames.all.findLast(
      ({ source, direction, type }) => source === 'client' && direction === 'out' && KINDS.has(type),
    );
    if (asked === undefined) return;
    const request = parseMessage(asked.text);
    const params = request?.['params'] as LooseRequest['params'];
    const title = requestedBy(request) ?? runId;
    readLoose(client, runId, { kind: asked.type as RunKind, title, ...(params !== undefined && { params }) });
  });
}

/** Takes those that have ended from the page. */
export function clearLoose(): void {
  looseRuns.value = looseRuns.value.filter(({ run }) => isLive(run));
}

/** Whether a run has not ended. */
export function isLive({ state }: ClientRun): boolean {
  return ['sending', 'accepted', 'queued', 'running', 'waiting_approval'].includes(state);
}

function addLoose(loose: LooseRun): ClientRun {
  const others = looseRuns.value.filter(({ run }) => run.id !== loose.run.id);
  looseRuns.value = [...others, loose].sort((a, b) => a.createdAt - b.createdAt);
  followOwn(loose.run, loose.request.kind);
  keep();
  loose.run.subscribe(({ type }) => {
    if (type === 'end' && loose.run.error?.code !== 'client_closed') keep();
  });
  return loose.run;
}

function keep(): void {
  const kept = looseRuns.value
    .filter(({ run }) => isLive(run) || run.error?.code === 'client_closed')
    .map(({ run, request, createdAt }): KeptRun => ({ id: run.id, request, createdAt }));
  writeOfTab('loose-runs', kept.slice(-MAX_KEPT));
}

function isKeptRun(value: unknown): value is KeptRun {
  const { id, request, createdAt } = (value ?? {}) as Partial<KeptRun>;
  return typeof id === 'string' && typeof request?.title === 'string' && typeof createdAt === 'number';
}
