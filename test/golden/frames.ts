import type { IncomingMessage } from 'node:http';
import { expect } from 'vitest';
import type { Principal } from '../../src/index.js';
import type { TestClient } from '../../src/testing/index.js';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** A promise, and what fulfils it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** A user for each value of this header, the same on every connection. */
export const byHeader = ({ headers }: IncomingMessage): Principal => ({
  id: headers['x-user']?.toString() ?? 'nobody',
});

/** Frames as they came, with ids numbered in the order they first appear and times replaced by T. */
export function normalise(frames: readonly string[]): string[] {
  const names = new Map<string, string>();
  return frames.map((frame) =>
    frame
      .replace(UUID, (id) => {
        if (!names.has(id)) names.set(id, `uuid-${names.size + 1}`);
        return names.get(id) ?? id;
      })
      .replace(/"(timestamp|created_at|updated_at)":\d+(\.\d+)?/g, '"$1":T')
      // What is left of a time.
      .replace(/(?<="pending_approvals":.*"expires_in_ms":)\d+/g, 'N'),
  );
}

/** Sends frames exactly as given, waits until the last answer is here, and compares all of them. */
export async function expectFrames(
  client: TestClient,
  send: readonly string[],
  frames: readonly string[],
): Promise<void> {
  const since = client.frames.length;
  for (const frame of send) client.sendRaw(frame);
  await expect.poll(() => client.frames.length - since, { timeout: 20_000 }).toBeGreaterThanOrEqual(frames.length);
  client.sendRaw('{"type":"ping","request_id":"end of golden frames"}');
  await client.next('pong', ({ request_id: id }) => id === 'end of golden frames', since);
  expect(normalise(client.frames.slice(since, -1))).toEqual(frames);
}
