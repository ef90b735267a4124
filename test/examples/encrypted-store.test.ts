import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { startExample, type Example } from './example.js';

it(
  'encrypted-store.mjs hides what was said, and takes a new key without losing anything',
  { timeout: 120_000 },
  async () => {
    const directory = temporaryDirectory();
    const env = { DATABASE: join(directory, 'agent.db'), KEYS: join(directory, 'store.keys') };
    const [oldKey, newKey] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
    const start = async (...keys: readonly string[]): Promise<Example> => {
      writeFileSync(env.KEYS, `${keys.join('\n')}\n`, { mode: 0o600 });
      return startExample('encrypted-store.mjs', env);
    };
    const isHidden = (): boolean =>
      [env.DATABASE, `${env.DATABASE}-wal`]
        .filter(existsSync)
        .every((file) => !readFileSync(file).includes('pineapple'));

    const first = await start(oldKey);
    const client = await first.connect({ negotiate: true });
    await client.ask({ type: 'agent_query', query: 'Where is the pineapple?', conversation_id: 'c' });
    expect(isHidden()).toBe(true);
    expect(await first.stop()).toBe(0);

    const changing = await start(newKey, oldKey);
    await changing.printed('Everything is encrypted with the first key');
    expect(await changing.stop()).toBe(0);
    expect(isHidden()).toBe(true);

    await expect(start(oldKey)).rejects.toThrow(/is encrypted with the key/);
    const last = await start(newKey);
    const again = await last.connect({ negotiate: true });
    again.send({ type: 'history', conversation_id: 'c' });
    expect((await again.next('history')).messages[0]).toMatchObject({ content: 'Where is the pineapple?' });
    expect(await last.stop()).toBe(0);
  },
);
