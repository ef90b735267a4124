import { now } from './clock.js';
import { percentile } from './numbers.js';
import { expectedText, question } from './vocabulary.js';

const load = (entry) => import(new URL(`../../../dist/${entry}`, import.meta.url).href);

/**
 * Clients of the built package. They cost more than the clients of the other rows, on the core of the load, and can
 * encrypt their messages.
 */
export async function openLibraryClients(port, count, encrypted) {
  const { createAgentClient } = await load('client.js');
  const url = `ws://127.0.0.1:${port}/ws/agent`;
  const encryption = encrypted ? await encryptionOf(port) : undefined;
  const clients = Array.from({ length: count }, () => createAgentClient({ url, encryption }));
  await Promise.all(clients.map((client) => client.connect()));
  return clients;
}

async function encryptionOf(port) {
  const { encryptFor } = await load('encryption.js');
  const response = await fetch(`http://127.0.0.1:${port}/ws/key`);
  return encryptFor(await response.json());
}

/** Asks once on a client: the time of its first text in milliseconds, and whether the answer is exact. */
export async function askLibrary(client, plan) {
  const sentAt = now();
  const run = client.stream(question(plan));
  let firstMs = Infinity;
  for await (const { type } of run) if (type === 'text' && firstMs === Infinity) firstMs = now() - sentAt;
  return { firstMs, exact: (await run).text === expectedText(plan.stream, plan.tokens) };
}

/** What came of several questions. */
export function summary(answers) {
  const first = answers.map(({ firstMs }) => firstMs);
  return {
    p50: percentile(first, 50),
    p99: percentile(first, 99),
    wrong: answers.filter(({ exact }) => !exact).length,
  };
}
