import type {
  AgentClient,
  ClientRun,
  ClientRunState,
  PendingApproval,
  RunEventOf,
  QueuePlace,
  RunKind,
} from '../../client/index.js';
import { formatMs } from '../ui/format.js';
import { announce } from '../ui/announcer.js';
import { currentI18n } from '../ui/i18n.js';
import { useValue, Value } from '../ui/signal.js';
import { readOfTab, writeOfTab } from './tab.js';

/** A decision that a person was asked for. */
export interface Approval extends PendingApproval {
  /** By the clock of the page. */
  readonly expiresAt: number;
  /** What was decided here. */
  readonly sent?: boolean;
  /** The decision that stands. */
  readonly decision?: RunEventOf<'approval-resolved'>;
}

/** What the page saw of a run besides its messages. */
export interface Track {
  readonly run: ClientRun;
  readonly kind: RunKind;
  /** Whether this tab asked for it. */
  readonly isOwn: boolean;
  readonly state: ClientRunState;
  readonly isCancelling: boolean;
  readonly approvals: readonly Approval[];
  /** What it waits for, while it is queued. */
  readonly line?: QueuePlace | undefined;
  /** Where it was read on last, and how often. */
  readonly resumed?: { readonly after: number; readonly times: number };
}

const MAX_OWN = 100;
const NONE = new Value<Track | undefined>(undefined);
/** Those of the conversation and of single questions, by the ids of their runs. */
const tracks = new Map<string, Value<Track | undefined>>();
/** All of them: two clients may read the same run. */
const ofRuns = new WeakMap<ClientRun, Value<Track | undefined>>();
/** The runs this tab asked for, so that a reload knows them for its own. */
let own = readOfTab('own-runs', (id) => typeof id === 'string');

/** The runs in progress, oldest first. */
export const liveRuns = new Value<readonly ClientRun[]>([]);

/** What the page saw of a run; `undefined` for one out of the history. */
export function useTrack(runId: string | undefined): Track | undefined {
  return useValue(tracks.get(runId ?? '') ?? NONE);
}

/** What the page saw of a run from when it is first shown. */
export function useRunTrack(run: ClientRun, kind: RunKind): Track | undefined {
  return useValue(ofRuns.get(run) ?? begin(run, kind, false));
}

/** Whether the page knows the run already. */
export function isFollowed(runId: string): boolean {
  return tracks.has(runId);
}

/** Follows a run that this tab asked for. */
export function followOwn(run: ClientRun, kind: RunKind): ClientRun {
  own = [...own, run.id].slice(-MAX_OWN);
  writeOfTab('own-runs', own);
  follow(run, kind, true);
  return run;
}

/** Follows what other tabs start, and how often runs are read on. */
export function followClient(client: AgentClient): void {
  client.on('run-started', ({ run, kind, query }) => {
    const isOwn = own.includes(run.id);
    if (!isOwn) announce(currentI18n().t('announce.watched', { question: query }));
    follow(run, kind, isOwn);
  });
  client.on('message', (message) => {
    if (message.type !== 'resumed') return;
    const { run_id: runId, after } = message as { readonly run_id: string; readonly after: number };
    const track = tracks.get(runId);
    change(track, { resumed: { after, times: (track?.value?.resumed?.times ?? 0) + 1 } });
  });
  client.on('connected', ({ isReconnect }) => {
    const count = liveRuns.value.length;
    if (isReconnect && count > 0) announce(currentI18n().t('announce.resumed', { count }));
  });
}

export function cancelRun({ run }: Track): void {
  change(ofRuns.get(run), { isCancelling: true });
  void run.cancel();
}

/** Sends a decision about a tool call. Another tab may have been faster. */
export function decide({ run }: Track, toolCallId: string, approved: boolean, reason: string): void {
  changeApproval(ofRuns.get(run), toolCallId, { sent: approved });
  run.approve(toolCallId, approved, reason === '' ? undefined : reason).catch(() => undefined);
}

function follow(run: ClientRun, kind: RunKind, isOwn: boolean): void {
  tracks.set(run.id, begin(run, kind, isOwn, tracks.get(run.id)));
  const startedAt = performance.now();
  liveRuns.value = [...liveRuns.value.filter(({ id }) => id !== run.id), run];
  run.subscribe((event) => {
    if (event.type !== 'end') return;
    const { t } = currentI18n();
    liveRuns.value = liveRuns.value.filter((other) => other !== run);
    const time = formatMs(performance.now() - startedAt);
    const key = event.state === 'finished' ? 'announce.finished' : 'announce.ended';
    announce(t(key, { time, state: event.state === 'detached' ? '' : t(`state.${event.state}`) }));
  });
}

/** Begins to note what happens to a run. */
function begin(
  run: ClientRun,
  kind: RunKind,
  isOwn: boolean,
  track = new Value<Track | undefined>(undefined),
): Value<Track | undefined> {
  track.value = { run, kind, isOwn, state: run.state, isCancelling: false, approvals: [] };
  ofRuns.set(run, track);
  run.subscribe((event) => {
    if (event.type === 'state') {
      const { place, estimatedWaitMs, noWorkers } = event;
      const line = place === undefined ? undefined : { place, estimatedWaitMs, noWorkers };
      change(track, { state: run.state, line });
    } else if (event.type === 'reset') change(track, { approvals: [] });
    else if (event.type === 'approval-request') {
      const { isPending, ...asked } = event;
      if (isPending) announce(currentI18n().t('announce.approval', { tool: asked.toolName }));
      const approvals = track.value?.approvals ?? [];
      const expiresAt = performance.now() + asked.expiresInMs;
      change(track, { approvals: [...approvals, { ...asked, expiresAt }], state: run.state });
    } else if (event.type === 'approval-resolved') changeApproval(track, event.toolCallId, { decision: event });
    else if (event.type === 'end') change(track, { state: run.state, isCancelling: false });
  });
  return track;
}

function change(track: Value<Track | undefined> | undefined, changes: Partial<Track>): void {
  if (track?.value !== undefined) track.value = { ...track.value, ...changes };
}

function changeApproval(
  track: Value<Track | undefined> | undefined,
  toolCallId: string,
  changes: Partial<Approval>,
): void {
  const approvals = track?.value?.approvals ?? [];
  change(track, {
    approvals: approvals.map((each) => (each.toolCallId === toolCallId ? { ...each, ...changes } : each)),
  });
}
