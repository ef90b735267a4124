/**
 * `<RunTable client={…} runs={recording.runs} onRead={…} />`: the runs that the server lets this client read. It asks
 * only while it is open. `onRead` shows a run from its start.
 */
import './table.css';
import { useEffect, useState } from 'preact/hooks';
import type { AgentClient, RunInfo } from '../../client/index.js';
import { Button } from '../ui/button.js';
import { useI18n } from '../ui/i18n.js';
import { textOf } from './frames.js';
import type { RunRecords } from './run-records.js';

interface RunTableProps {
  readonly client: AgentClient;
  readonly runs: RunRecords;
  readonly onRead: (run: RunInfo) => void;
}

const MAX_ROWS = 50;
/** Runs begin and end in groups: one question to the server for all of them. */
const SETTLE_MS = 150;
/** Messages that do not change the state of a run. */
const SILENT = /^(stream_(chunk|reasoning|data|tool_.*)|pong|runs)$/;
const ENDED: ReadonlySet<string> = new Set(['finished', 'failed', 'cancelled', 'interrupted']);

export function RunTable({ client, runs, onRead }: RunTableProps) {
  const { t, maybe } = useI18n();
  const [isOpen, setOpen] = useState(false);
  const { list, isConnected, refresh } = useRunList(client, isOpen);
  const action = { kind: 'icon', disabled: !isConnected } as const;
  return (
    <div class="run-list">
      <div class="run-list-head">
        <Button
          class="disclose"
          id="runs-toggle"
          label={t('runs.toggle')}
          aria-expanded={isOpen}
          aria-controls="runs-panel"
          onClick={() => setOpen(!isOpen)}
        />
        {isOpen && <Button {...action} icon="refresh" label={t('runs.refresh')} onClick={refresh} />}
      </div>
      <div id="runs-panel" class="runs-panel" tabIndex={0} role="group" aria-label={t('runs.toggle')} hidden={!isOpen}>
        <table class="table" hidden={list.length === 0}>
          <thead>
            <tr>
              {(['id', 'kind', 'state', 'head', 'actions'] as const).map((name) => (
                <th key={name} scope="col">
                  {t(`runs.${name}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody id="runs-rows">
            {list.map((run) => {
              const { runId, kind, state, head } = run;
              const { request } = runs.get(runId) ?? {};
              const asked = textOf(request, 'query') ?? textOf(request, 'tool_name') ?? '';
              const cancel = (): unknown => client.resume(runId, { after: head }).cancel();
              return (
                <tr key={runId} data-run={runId} data-state={state}>
                  <th scope="row" title={`${asked} ${runId}`}>
                    <code>{runId.slice(0, 8)}</code>
                  </th>
                  <td>
                    <code>{kind}</code>
                  </td>
                  <td class="run-state">{maybe(`run.${state}`) ?? state}</td>
                  <td>{head}</td>
                  <td class="run-actions">
                    <Button {...action} icon="refresh" label={t('runs.resume')} onClick={() => onRead(run)} />
                    {!ENDED.has(state) && (
                      <Button {...action} icon="stop" isDanger label={t('runs.cancel')} onClick={cancel} />
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
        {!isConnected && <p class="muted-note">{t('runs.offline')}</p>}
        {isConnected && list.length === 0 && <p class="muted-note">{t('runs.none')}</p>}
      </div>
    </div>
  );
}

/** The runs of the server, the newest first, read again after every message that may change one. */
function useRunList(client: AgentClient, isOpen: boolean) {
  const [list, setList] = useState<readonly RunInfo[]>([]);
  const [isConnected, setConnected] = useState(client.state === 'connected');
  const refresh = (): void => {
    const show = (runs: readonly RunInfo[]): void => setList(runs.slice(-MAX_ROWS).reverse());
    client.listRuns().then(show, () => undefined);
  };
  useEffect(() => {
    setConnected(client.state === 'connected');
    return client.on('state', (state) => setConnected(state === 'connected'));
  }, [client]);
  useEffect(() => {
    if (!isOpen || !isConnected) return undefined;
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
  }, [client, isOpen, isConnected]);
  return { list, isConnected, refresh };
}
