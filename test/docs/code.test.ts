import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.js';
import { ROOT } from '../helpers/build.js';
import { PAGES, readPage } from './pages.js';

const blocks = PAGES.flatMap((path) => readPage(path).blocks);

describe('the code of the documentation', () => {
  it('names flags that the command has', () => {
    const unused = (): Promise<void> => Promise.reject(new Error('Nothing is run'));
    const program = createProgram({ serve: unused, worker: unused, chat: unused, store: unused });
    const flags = new Map(
      program.commands.map((command) => [
        command.name(),
        [command, ...command.commands].flatMap(({ options }) => options.map(({ long }) => long ?? '')),
      ]),
    );
    const calls = blocks
      .filter(({ language }) => ['sh', 'ini', 'dockerfile'].includes(language))
      .flatMap(({ code }) => [...code.matchAll(/agent-ws(?:\.js)? (\w+)([^#\n]*)/g)]);
    expect(calls.length).toBeGreaterThan(10);
    for (const [call, command = '', rest = ''] of calls) {
      expect(flags.has(command), call).toBe(true);
      for (const [flag] of rest.matchAll(/--[a-z-]+/g)) expect(flags.get(command), call).toContain(flag);
    }
  });
});

describe('README.md', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

  it('embeds the service as the example does that the tests run', () => {
    const example = readFileSync(join(ROOT, 'examples/quickstart.mjs'), 'utf8').replace(/^(?:\/\/.*\n)+/, '');
    expect(readme).toContain(`\`\`\`js\n${example}\`\`\``);
  });

  it('names the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };
    expect(readme).toContain(`Version ${version} `);
    expect(readme).toContain(`agent-ws-${version}.tgz`);
  });

  it('fits on about one screen', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(120);
  });
});
