import type { ConnectionManager } from '../connection/connection-manager.js';
import type { Principal } from '../connection/principal.js';
import type { MessageHandler } from '../message/message-handler.js';
import { clientMessages } from '../protocol/client-messages.js';
import { closeCodeInfo } from '../protocol/close-codes.js';
import { ERROR_CODES } from '../protocol/error-codes.js';
import type { Usage } from '../protocol/server-messages.js';
import type { Rooms } from '../room/rooms.js';
import type { RunManager } from '../run/run-manager.js';
import type { Run } from '../run/run.js';
import type { Instruments } from './instruments.js';
import type { ClusterStatus } from '../store/cluster.js';
import { BoundedLabel, known, OTHER } from './label.js';

/** The parts of a service that are measured: `createAgentSocketServer` returns them. */
export interface Measured<P extends Principal, Metadata> {
  readonly connections: ConnectionManager<P, Metadata>;
  readonly messages: MessageHandler<P, Metadata>;
  readonly runs: RunManager;
  readonly rooms?: Rooms | undefined;
  readonly cluster?: ClusterStatus | undefined;
}

/** Measures connections, handshakes and what is held for clients. */
export function measureConnections<P extends Principal, Metadata>(
  { connections, runs, rooms }: Pick<Measured<P, Metadata>, 'connections' | 'runs' | 'rooms'>,
  make: Instruments,
): void {
  make.gauge('agent_ws_connections', (set) => {
    const counts = { open: 0, lagging: 0, closing: 0, handshake: connections.handshakes };
    for (const { isOpen, isWritable } of connections) counts[isWritable ? 'open' : isOpen ? 'lagging' : 'closing']++;
    for (const [state, count] of Object.entries(counts)) set(count, state);
  });
  make.gauge('agent_ws_connections_limit', (set) => set(connections.maxConnections));
  make.gauge('agent_ws_held_bytes', (set) => {
    set(runs.heldBytes, 'runs');
    set(runs.store.retainedBytes ?? 0, 'retained');
    if (rooms !== undefined) set(rooms.heldBytes, 'rooms');
    let [unsent, unfinished] = [0, 0];
    for (const { bufferedAmount, unfinishedBytes } of connections) {
      unsent += bufferedAmount;
      unfinished += unfinishedBytes;
    }
    set(unsent, 'unsent');
    set(unfinished, 'unfinished');
  });
  const opened = make.counter('agent_ws_connections_opened_total');
  const closed = make.counter('agent_ws_connections_closed_total');
  const refused = make.counter('agent_ws_handshakes_refused_total');
  const reasons = new BoundedLabel();
  connections.on('connect', () => opened.inc());
  // A client may close with any code from 3000 on.
  connections.on('disconnect', (_, { code }) => closed.inc({ code: closeCodeInfo(code) === undefined ? OTHER : code }));
  connections.on('refused', ({ reason }) => refused.inc({ reason: reasons.of(reason) }));
}

/** Measures messages and resumes. */
export function measureMessages<P extends Principal, Metadata>(
  messages: MessageHandler<P, Metadata>,
  make: Instruments,
): void {
  const received = make.counter('agent_ws_messages_received_total');
  const refused = make.counter('agent_ws_messages_refused_total');
  const resumes = make.counter('agent_ws_resumes_total');
  messages.on('message', (_, type) => received.inc({ type: known(type, clientMessages) }));
  messages.on('resumed', (_connection, _run, isReset) => resumes.inc({ outcome: isReset ? 'reset' : 'resumed' }));
  messages.on('refused', (_, error, type) => {
    const code = known(error.code, ERROR_CODES);
    refused.inc({ code });
    if (type === 'resume') resumes.inc({ outcome: code });
  });
}

/** Measures runs and the text of their models. */
export function measureRuns(runs: RunManager, models: readonly string[], make: Instruments): void {
  make.gauge('agent_ws_runs', (set) => {
    const counts = new Map(STATES.map((state) => [state as string, 0]));
    for (const { state } of runs) counts.set(state, (counts.get(state) ?? 0) + 1);
    for (const [state, count] of counts) set(count, state);
  });
  make.counted('agent_ws_token_gap_seconds', (tell) => tell(runs.pace.gaps));
  make.total('agent_ws_tokens_after_cancel_total', (tell) => tell(runs.pace.afterCancel));
  const started = make.counter('agent_ws_runs_started_total');
  const ended = make.counter('agent_ws_runs_ended_total');
  const seconds = make.histogram('agent_ws_run_seconds');
  const firstToken = make.histogram('agent_ws_first_token_seconds');
  const cancel = make.histogram('agent_ws_cancel_seconds');
  const tokens = make.counter('agent_ws_tokens_total');
  runs.on('start', ({ kind }) => started.inc({ kind }));
  runs.on('end', (run) => {
    const { kind, state, failure, startedAt, firstTextAt, stoppedAt, usage } = run;
    const now = performance.now();
    ended.inc({ kind, state, code: failure === undefined ? '' : known(failure.code, ERROR_CODES) });
    seconds.observe({ kind }, (now - startedAt) / 1_000);
    if (firstTextAt !== undefined) firstToken.observe({ kind }, (firstTextAt - startedAt) / 1_000);
    if (state === 'cancelled' && stoppedAt !== undefined) cancel.observe((now - stoppedAt) / 1_000);
    const model = models.find((name) => name === run.model) ?? OTHER;
    for (const [direction, count] of directionsOf(usage)) tokens.inc({ direction, model }, count);
  });
}

/** Measures calls of the model and of tools, and approvals. */
export function measureCalls(runs: RunManager, make: Instruments): void {
  const models = make.counter('agent_ws_model_calls_total');
  const modelSeconds = make.histogram('agent_ws_model_call_seconds');
  const tools = make.counter('agent_ws_tool_calls_total');
  const toolSeconds = make.histogram('agent_ws_tool_call_seconds');
  const approvals = make.counter('agent_ws_approvals_total');
  const names = new BoundedLabel();
  runs.on('model', (_, { outcome, ms }) => {
    models.inc({ outcome: outcome === 'ok' || outcome === 'cancelled' ? outcome : known(outcome, ERROR_CODES) });
    modelSeconds.observe(ms / 1_000);
  });
  runs.on('tool', (_, { toolName, outcome, ms }) => {
    // A model may call any name; only those of tools are labels.
    const tool = outcome === 'unknown_tool' ? OTHER : names.of(toolName);
    tools.inc({ tool, outcome: outcome === 'ok' ? outcome : known(outcome, ERROR_CODES) });
    if (ms > 0) toolSeconds.observe({ tool }, ms / 1_000);
  });
  runs.on('approval', ({ approved }) => approvals.inc({ decision: approved ? 'approved' : 'refused' }));
}

/** States of runs in progress. */
const STATES = ['accepted', 'queued', 'running', 'waiting_approval'] as const satisfies readonly Run['state'][];

function directionsOf(usage: Usage | undefined): readonly (readonly [string, number])[] {
  if (usage === undefined) return [];
  const { input_tokens, output_tokens, cached_input_tokens = 0, reasoning_tokens = 0 } = usage;
  return [
    ['input', input_tokens],
    ['output', output_tokens],
    ['cached_input', cached_input_tokens],
    ['reasoning', reasoning_tokens],
  ];
}
