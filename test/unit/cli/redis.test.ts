import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CliError } from '../../../src/cli/cli-error.js';
import { inOperatorsWords } from '../../../src/cli/operators-words.js';
import type { Flags } from '../../../src/cli/program.js';
import { redisAccess } from '../../../src/cli/redis.js';
import { resolveSettings } from '../../../src/cli/settings.js';
import { openStore } from '../../../src/cli/store.js';
import { OptionError } from '../../../src/runtime/option-error.js';
import { silentLogger } from '../../../src/runtime/logger.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

function fileWith(text: string): string {
  const file = join(temporaryDirectory(), 'secret');
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

/** Reads the settings and opens the store, as the commands do. */
async function open(flags: Flags): Promise<unknown> {
  const resolved = resolveSettings({ flags, environment: {}, dotEnv: {} });
  try {
    redisAccess(resolved);
    return await openStore(resolved, silentLogger);
  } catch (error) {
    throw OptionError.isInstance(error) ? inOperatorsWords(error, resolved) : error;
  }
}

describe('the settings of Redis', () => {
  it('take password and secrets from files', () => {
    const flags = {
      redis: 'redis://user@localhost:1',
      redisPasswordFile: fileWith('\uFEFFpass%word/of@redis\r\n'),
      clusterSecretFile: fileWith('a-secret-of-the-cluster\n\nan-older-secret-of-it\n'),
    };
    expect(redisAccess(resolveSettings({ flags, environment: {}, dotEnv: {} }))).toMatchObject({
      url: 'redis://user:pass%25word%2Fof%40redis@localhost:1',
      clusterSecret: ['a-secret-of-the-cluster', 'an-older-secret-of-it'],
    });
  });

  it.each<[() => Flags, RegExp]>([
    [() => ({ run: 'queue' }), /^--run: workers need a Redis; add --redis URL$/],
    [() => ({ redisPrefix: 'a' }), /^--redis-prefix: there is no Redis; add --redis URL$/],
    [() => ({ redis: 'http://:hidden@localhost' }), /^--redis: must be an address such as (?!.*hidden).*$/],
    [() => ({ redis: 'redis://:hidden@localhost/name' }), /^--redis: must be an address such as (?!.*hidden).*$/],
    [() => ({ redis: 'redis://localhost', redisPrefix: 'a{b}' }), /^--redis-prefix: must be 1 to 40 letters, /],
    [() => ({ redis: 'redis://localhost', leaseMs: '3' }), /^--redis-lease: must be at least twice --redis-beat$/],
    [() => ({ redis: 'redis://localhost', concurrency: '0' }), /^--concurrency: must be .*$/],
    [
      () => ({ redis: 'redis://localhost', store: 'sqlite:a.db' }),
      /^--store: the store is already --redis; leave one of them out$/,
    ],
    [
      () => ({ redis: 'redis://:a@localhost', redisPasswordFile: 'x' }),
      /^--redis-password-file: --redis has a password already$/,
    ],
    [
      () => ({ redis: 'redis://localhost', clusterSecretFile: fileWith('short') }),
      /^--cluster-secret-file: ".*" must hold secrets of at least 16 characters, one a line$/,
    ],
  ])('are refused, with what to change: case %#', async (flags, message) => {
    const error: unknown = await open(flags()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CliError);
    expect((error as CliError).message).toMatch(message);
  });
});
