import { randomUUID } from 'node:crypto';
import { createMemoryStore, type Store } from '../../src/index.js';
import type { ClusterNode } from '../../src/store/cluster.js';
import type { Ticket, WorkQueue } from '../../src/store/work-queue.js';

/** A line for workers that moves when a test says so. */
export class Line implements WorkQueue {
  /** The tickets in the line, the first one first. */
  tickets: Ticket[] = [];
  /** How often places were asked for. */
  asked = 0;
  isBroken = false;
  msPerPlace: number | undefined;
  readonly concurrency = 0;

  add(ticket: Ticket): void {
    this.tickets.push(ticket);
  }

  remove({ id }: Ticket): void {
    this.tickets = this.tickets.filter((other) => other.id !== id);
  }

  take(): void {
    throw new Error('Nobody works');
  }

  positions(tickets: readonly Ticket[]): Promise<(number | undefined)[]> {
    this.asked++;
    if (this.isBroken) return Promise.reject(new Error('made by the test'));
    const places = tickets.map(({ id }) => 1 + this.tickets.findIndex((other) => other.id === id));
    return Promise.resolve(places.map((place) => (place === 0 ? undefined : place)));
  }

  size(): number {
    return this.tickets.length;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A node that takes so many runs from the line at the same time. */
export function nodeOf(concurrency: number | undefined): ClusterNode {
  const counts = { connections: 0, totalConnections: 0, totalMessages: 0, runs: 0 };
  return { id: randomUUID(), version: '1.2.3', draining: false, ...counts, concurrency };
}

/**
 * The store of a node that executes no runs.
 * @param nodes - what it knows of the others; by default there is a worker, whose work nobody sees
 */
export function storeWithoutRuns(nodes: readonly ClusterNode[] = [nodeOf(1)]): Store {
  return {
    ...createMemoryStore(),
    cluster: {
      nodeId: randomUUID(),
      nodes,
      isReachable: true,
      join: () => undefined,
      announce: () => undefined,
      leave: () => Promise.resolve(),
      stop: () => undefined,
      decide: () => undefined,
      read: () => undefined,
      adopt: () => undefined,
      inProgress: () => [],
      watch: () => undefined,
      tell: () => undefined,
    },
  };
}
