import { useConnection } from '../../client/react.js';
import { useClient } from '../page.js';
import { Tag } from '../ui/facts.js';
import { formatCount } from '../ui/format.js';
import { useI18n } from '../ui/i18n.js';
import { Table } from '../ui/table.js';
import type { Message } from './frames.js';

/** A node of a cluster, as `/ws/statistics` tells of it. */
interface Node {
  readonly id: string;
  readonly draining: boolean;
  readonly active_connections: number;
  readonly active_runs: number;
  readonly total_messages: number;
  readonly concurrency?: number;
}

/** The nodes in the answer of `/ws/statistics`. */
export function nodesOf({ nodes }: Message): readonly Node[] {
  return Array.isArray(nodes) ? (nodes as readonly Node[]) : [];
}

/** How much of the id of a node is shown. */
export function shortNode(id: string): string {
  return id.slice(0, 8);
}

/** The nodes of the server, and which of them has the connection; nothing if the server is alone. */
export function NodeTable({ nodes }: { readonly nodes: readonly Node[] }) {
  const { t, language } = useI18n();
  const { greeting } = useConnection(useClient());
  if (nodes.length === 0) return null;
  const rows = nodes.map(({ id, draining, active_connections, active_runs, total_messages, concurrency = 0 }) => ({
    key: id,
    'data-node': id,
    'aria-current': id === greeting?.nodeId,
    cells: [
      <>
        <code title={id}>{shortNode(id)}</code> {id === greeting?.nodeId && <Tag tone="good">{t('server.here')}</Tag>}
        {concurrency > 0 && <Tag tone="plain">{t('server.worker', { count: concurrency })}</Tag>}
        {draining && <Tag tone="out">{t('server.draining')}</Tag>}
      </>,
      ...[active_connections, active_runs, total_messages].map((count) => formatCount(count, language)),
    ],
  }));
  const columns = (['node', 'active', 'runs', 'messages'] as const).map((name) => t(`server.${name}`));
  return <Table id="nodes" aria-label={t('server.nodes')} columns={columns} rows={rows} />;
}
