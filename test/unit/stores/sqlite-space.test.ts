import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { openStore, openWatchedStore, temporaryDatabase } from '../../helpers/sqlite.js';

const TEXT = 'x'.repeat(100_000);

function messageOf(content: string) {
  return { id: randomUUID(), role: 'user', content, runId: 'r', createdAt: 1 } as const;
}

it('gives the space of deleted conversations back in steps, and keeps some for what comes', async () => {
  const path = temporaryDatabase();
  const { store, database } = await openWatchedStore({ path });
  const key = { owner: 'ann', id: 'large' };
  for (let count = 0; count < 200; count++) store.conversations.append(key, [messageOf(TEXT)]);
  store.runs.commit();
  const pages = () => database.number('PRAGMA page_count');
  expect(pages()).toBeGreaterThan(4_000);
  store.conversations.delete(key);
  await vi.waitFor(
    () => {
      store.runs.expire();
      expect(pages()).toBeLessThan(1_100);
    },
    { timeout: 10_000 },
  );
  expect(pages()).toBeGreaterThan(900);
  await store.close();
  expect(statSync(path).size).toBeLessThan(5_000_000);
});

it('takes no more space than the bound and what one write adds, however much is written', async () => {
  const path = temporaryDatabase();
  const store = await openStore({ path, maxConversationBytes: 2_000_000 });
  for (let count = 0; count < 400; count++) {
    const attachments = [{ id: 'file', bytes: new Uint8Array(50_000) }];
    store.conversations.append({ owner: 'ann', id: `${count}` }, [messageOf(TEXT), messageOf('')], attachments);
    store.runs.commit();
  }
  await store.close();
  expect(statSync(path).size).toBeLessThan(4_000_000);
});
