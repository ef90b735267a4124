import { describe, expect, it, vi } from 'vitest';
import { LineWatch } from '../../../src/run/line-watch.js';
import type { ClusterNode } from '../../../src/store/cluster.js';
import { lineConcurrency } from '../../../src/store/line-concurrency.js';
import { nodeOf } from '../../helpers/line.js';

const START = 1_000_000;

/** A service in a cluster of these nodes, with so many runs in line; it has looked once. */
function watchOf(nodes: ClusterNode[], waiting: number) {
  const lines: [level: string, fields: object, text: string][] = [];
  const write =
    (level: string) =>
    (fields: object, text: string): void =>
      void lines.push([level, fields, text]);
  const logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const cluster = { nodes, isReachable: true };
  const queue = { size: vi.fn(() => Promise.resolve(waiting)) };
  const watch = new LineWatch({ cluster, queue, logger });
  let now = START;
  /** Looks each second for so long; what it asked is answered between. */
  const look = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      watch.look((now += 1_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  watch.look(now);
  return { watch, look, lines, queue, cluster, nodes };
}

describe('a service that leaves its runs to workers', () => {
  it('tells the log once that runs wait while there is no worker, and once when there is one', async () => {
    const { watch, look, lines, queue, nodes } = watchOf([nodeOf(0), nodeOf(0)], 3);
    await look(4);
    expect(watch.hasNoWorkers).toBe(false);
    expect(lines).toEqual([]);
    await look(20);
    expect(watch.hasNoWorkers).toBe(true);
    const text = expect.stringContaining('start "agent-ws worker --redis URL"') as string;
    expect(lines).toEqual([['warn', { waiting: 3 }, text]]);
    expect(queue.size).toHaveBeenCalledTimes(1);
    nodes.push(nodeOf(8));
    await look(20);
    expect(watch.hasNoWorkers).toBe(false);
    expect(lines.slice(1)).toEqual([['info', { concurrency: 8 }, 'A worker takes runs from the line now']]);
    nodes.pop();
    await look(20);
    expect(lines.map(([level]) => level)).toEqual(['warn', 'info', 'warn']);
  });

  it('says nothing while no run waits, and nothing of a worker that is back within seconds', async () => {
    const { watch, look, lines, queue, nodes } = watchOf([nodeOf(0)], 0);
    await look(10);
    expect(watch.hasNoWorkers).toBe(true);
    nodes.push(nodeOf(1));
    await look(1);
    nodes.pop();
    queue.size.mockClear();
    await look(4);
    nodes.push(nodeOf(1));
    await look(1);
    nodes.pop();
    await look(4);
    expect(watch.hasNoWorkers).toBe(false);
    expect(queue.size).not.toHaveBeenCalled();
    expect(lines).toEqual([]);
  });

  it('does not know that there is no worker if a node of an older version is alive', async () => {
    const { watch, look, lines, nodes } = watchOf([nodeOf(0)], 3);
    await look(10);
    nodes.push(nodeOf(undefined));
    await look(10);
    expect(watch.hasNoWorkers).toBe(false);
    expect(lines.map(([level]) => level)).toEqual(['warn']);
    expect(lineConcurrency([nodeOf(2), nodeOf(undefined)])).toBeUndefined();
    expect(lineConcurrency([nodeOf(2), nodeOf(0), nodeOf(3)])).toBe(5);
  });

  it('finds nothing new while the stores do not answer, and gives workers time to come back', async () => {
    const { watch, look, lines, cluster } = watchOf([nodeOf(0)], 3);
    await look(4);
    cluster.isReachable = false;
    await look(10);
    cluster.isReachable = true;
    await look(5);
    expect(watch.hasNoWorkers).toBe(false);
    expect(lines).toEqual([]);
    await look(1);
    cluster.isReachable = false;
    await look(10);
    expect(watch.hasNoWorkers).toBe(true);
    expect(lines).toHaveLength(1);
  });

  it('asks again for the length of the line if the queue did not answer', async () => {
    const { look, lines, queue } = watchOf([nodeOf(0)], 3);
    queue.size.mockRejectedValueOnce(new Error('made by the test'));
    await look(5);
    expect(lines).toEqual([]);
    await look(1);
    expect(lines).toHaveLength(1);
  });
});
