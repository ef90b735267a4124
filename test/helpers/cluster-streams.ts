import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { ClusterNode, ClusterProcesses } from './cluster-processes.js';
import { Gate } from './openai-upstream.js';
import { Viewer } from './viewer.js';

/** A question that nobody else asks, and its answer. */
export function question(count = 40): { query: string; tokens: string[]; text: string } {
  const query = `Question ${randomUUID()}`;
  const tokens = Array.from({ length: count }, (_, index) => `${query} ${index} “é” \n`);
  return { query, tokens, text: tokens.join('') };
}

/** Answers of all nodes, each read at two of them. */
export interface Streams {
  readonly viewers: readonly Viewer[];
  /** Lets the model say so many more tokens of each answer. */
  readonly say: (count: number) => void;
  /** Checks that the model was asked for each answer once. */
  readonly checkAsked: () => void;
  /** Lets the model say the rest, and checks that everybody gets every answer. */
  readonly check: () => Promise<void>;
}

/** Asks each service of a cluster for an answer of so many tokens. */
export async function startStreams(cluster: ClusterProcesses, count: number): Promise<Streams> {
  const questions = cluster.services.map(() => ({ ...question(count), gate: new Gate() }));
  cluster.upstream.reply(({ messages }) => {
    const { tokens, gate } = questions.find(({ query }) => query === messages.at(-1)?.content) ?? {};
    return { tokens: tokens ?? [], ...(gate !== undefined && { gate }) };
  });
  const say = (more: number): void => {
    for (const { gate } of questions) gate.release(more);
  };
  const viewers: Viewer[] = [];
  for (const [i, { query }] of questions.entries()) {
    const asker = await new Viewer().ask(serviceAt(cluster, i), query);
    viewers.push(asker, await asker.another().resume(serviceAt(cluster, i + 1)));
  }
  const checkAsked = (): void => {
    for (const { query } of questions) expect(cluster.asked(query)).toHaveLength(1);
  };
  const check = async (): Promise<void> => {
    say(Infinity);
    const ends = await Promise.all(viewers.map((viewer) => viewer.end(60_000)));
    expect(ends.map(({ type }) => type)).toEqual(ends.map(() => 'stream_end'));
    expect(viewers.map((viewer) => viewer.text)).toEqual(questions.flatMap(({ text }) => [text, text]));
    checkAsked();
  };
  return { viewers, say, checkAsked, check };
}

/** The services, one after the other, again and again. */
export function serviceAt(cluster: ClusterProcesses, index: number): ClusterNode {
  return cluster.services[index % 3] ?? cluster.services[0];
}
