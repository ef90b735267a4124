/**
 * `<RunTable onRead={…} />`: the runs that the server lets this client read. It asks only while it is open. `onRead`
 * shows a run from its start.
 */
import { useEffect, useState } from 'preact/hooks';
import type { AgentClient, RunInfo } from '../../client/index.js';
import { useConnection } from '../../client/react.js';
import { useClient } from '../page.js';
import { Button, Disclose } from '../ui/button.js';
import { useI18n } from '../ui/i18n.js';
import { Table } from '../ui/table.js';
import { requestedBy } from './frames.js';
import { shortNode } from './node-table.js';
import { recording } from './recording.js';

const MAX_ROWS = 50;
/** Runs begin and end in groups: one question to the server for all of them. */
const SETTLE_MS = 150;
/** Messages that do not change the state of a run. */
const SILENT = /^(stream_(chunk|reasoning|data|tool_.*)|pong|runs)$/;
/** What the state of a run has for a colour; the others are in between. */
const TONES: Readonly<Record<string, string>> = { finished: 'plain', running: 'good', accepted: 'good', failed: 'bad' };
const ENDED: ReadonlySet<string> = new Set(['finished', 'failed', 'cancelled', 'interrupted']);

export function RunTable({ onRead }: { readonly onRead: (run: RunInfo) => void }) {
  const { t, maybe } = useI18n();
  const client = useClient();
  const [isOpen, setOpen] = useState(false);
  const isConnected = useConnection(client).state === 'connected';
  const { list, refresh } = useRunList(client, isOpen && isConnected);
  const action = { kind: 'icon', disabled: !isConnected } as const;
  const hasNodes = client.greeting?.nodeId !== undefined;
  const columns = ['id', 'kind', 'state', ...(hasNodes ? ['node' as const] : []), 'head', 'actions'] as const;
  const rows = list.map((run) => {
    const { runId, kind, state, head, nodeId } = run;
    const asked = requestedBy(recording.runs.get(runId)?.request) ?? '';
    const cancel = (): unknown => client.resume(runId, { after: head }).cancel();
    const node = <code title={nodeId}>{nodeId === undefined ? '–' : shortNode(nodeId)}</code>;
    return {
      key: runId,
      'data-run': runId,
      'data-state': state,
      cells: [
        <code title={`${asked} ${runId}`}>{runId.slice(0, 8)}</code>,
        <code>{kind}</code>,
        <b class="run-state toned" data-tone={TONES[state] ?? 'warn'}>
          {maybe(`run.${state}`) ?? state}
        </b>,
        ...(hasNodes ? [node] : []),
        head,
        <>
          <Button {...action} icon="refresh" label={t('runs.resume')} onClick={() => onRead(run)} />
          {!ENDED.has(state) && <Button {...action} icon="stop" isDanger label={t('answer.cancel')} onClick={cancel} />}
        </>,
      ],
    };
  });
  return (
    <div class="run-list">
      <div class="line">
        <Disclose id="runs-toggle" controls="runs-panel" isOpen={isOpen} onToggle={setOpen}>
          {t('runs.toggle')}
        </Disclose>
        <span class="grow" />
        {isOpen && <Button {...action} icon="refresh" label={t('runs.refresh')} onClick={refresh} />}
      </div>
      <div id="runs-panel" class="runs-panel" tabIndex={0} role="group" aria-label={t('runs.toggle')} hidden={!isOpen}>
        <Table
          id="runs-rows"
          hidden={list.length === 0}
          columns={columns.map((name) => t(`runs.${name}`))}
          rows={rows}
        />
        {!isConnected && <p class="muted">{t('runs.offline')}</p>}
        {isConnected && list.length === 0 && <p class="muted">{t('runs.none')}</p>}
      </div>
    </div>
  );
}

/** The runs of the server, the newest first, read again after every message that may change one. */
function useRunList(client: AgentClient, isRead: boolean) {
  const [list, setList] = useState<readonly RunInfo[]>([]);
  const refresh = (): void => {
    const show = (runs: readonly RunInfo[]): void => setList(runs.slice(-MAX_ROWS).reverse());
    client.listRuns().then(show, () => undefined);
  };
  useEffect(() => {
    if (!isRead) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const off = client.on('message', ({ type }) => {
      if (SILENT.test(type)) return;
      clearTimeout(timer);
      timer = setTimeout(refresh, SETTLE_MS);
    });
    refresh();
    return () => {
      off();
      clearTimeout(timer);
    };
  }, [client, isRead]);
  return { list, refresh };
}
