import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startOpenAiUpstream } from '../helpers/openai-upstream.js';
import { nodeBinary } from '../helpers/package-node.js';
import { installed, run } from '../helpers/package.js';
import { IS_LONG } from '../helpers/schedules.js';

const { app } = await installed();

const VERSIONS = IS_LONG ? (['the current one', 22, 24, 26] as const) : (['the current one'] as const);

it.each(VERSIONS)('works under Node: %s', { timeout: 300_000 }, async (version) => {
  const node = typeof version === 'number' ? await nodeBinary(version) : process.execPath;
  const upstream = await startOpenAiUpstream({ tokens: ['From ', 'up', 'stream'] });
  onTestFinished(() => upstream.close());
  copyFileSync(new URL('smoke.js', import.meta.url), join(app, 'smoke.js'));

  const { code, stdout, stderr } = await run(node, ['smoke.js'], { cwd: app, env: { UPSTREAM: upstream.url } });
  // Neither a warning nor anything else.
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const { node: ran, ...seen } = JSON.parse(stdout) as { node: string };
  if (typeof version === 'number') expect(ran).toMatch(new RegExp(`^${version}\\.`));
  const talk = (text: unknown) => ({
    end: 'stream_end',
    text,
    sum: 579,
    zone: '+08:00',
    offset: 'invalid_params',
    statistics: 200,
    close: 1001,
  });
  expect(seen).toEqual({
    esm: talk(expect.stringContaining('42')),
    cjs: talk(expect.stringContaining('42')),
    openaiEsm: talk('From upstream'),
    openaiCjs: talk('From upstream'),
    commandLine: { close: 1012, exit: 0 },
  });
});
