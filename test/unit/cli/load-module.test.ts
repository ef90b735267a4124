import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseProvider } from '../../../src/cli/provider.js';
import { resolveSettings, type ResolvedSettings } from '../../../src/cli/settings.js';
import { chooseTools } from '../../../src/cli/tools.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

/** Writes a module and gives its path. */
function write(name: string, content: string): string {
  const file = join(temporaryDirectory(), name);
  writeFileSync(file, content);
  return file;
}

function resolve(flags: Record<string, string>, environment: Record<string, string> = {}): ResolvedSettings {
  return resolveSettings({ flags, environment, dotEnv: { FROM_FILE: 'f' } });
}

const TOOL = (name: string): string =>
  `{ name: '${name}', description: 'd', params: { '~standard': { version: 1, vendor: 'x', validate: (value) => ({ value }) } }, parameters: {}, timeoutMs: 1000, execute: () => 1 }`;

describe('--tools', () => {
  it.each([
    ['a.mjs', `export const tools = [${TOOL('one')}];`],
    ['a.mjs', `export default [${TOOL('one')}];`],
    ['a.mjs', `export default { tools: [${TOOL('one')}] };`],
    ['a.mjs', `export default async () => new Set([${TOOL('one')}]);`],
    ['a.cjs', `module.exports = [${TOOL('one')}];`],
    ['a.cjs', `exports.tools = [${TOOL('one')}];`],
    ['a.cjs', `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = [${TOOL('one')}];`],
  ])('takes %s: %.40s', async (name, content) => {
    expect(await chooseTools(resolve({ tools: write(name, content) }))).toMatchObject([{ name: 'one' }]);
  });

  it('calls a function with the environment, that of .env included', async () => {
    const file = write(
      'a.mjs',
      `export const tools = ({ MINE, FROM_FILE }) => [{ ...${TOOL('x')}, name: MINE + FROM_FILE }];`,
    );
    expect(await chooseTools(resolve({ tools: file }, { MINE: 'm' }))).toMatchObject([{ name: 'mf' }]);
  });

  it('are approved where they are named, and otherwise as they ask', async () => {
    const file = write(
      'a.mjs',
      `export const tools = [{ ...${TOOL('one')}, needsApproval: true }, ${TOOL('two')}, ${TOOL('three')}];`,
    );
    const tools = await chooseTools(resolve({ tools: file, approveTools: 'two' }));
    expect(tools.map(({ needsApproval }) => needsApproval)).toEqual([true, true, undefined]);
    await expect(chooseTools(resolve({ tools: file, approveTools: 'calculator' }))).rejects.toThrow(
      '--approve-tools: must be names of tools (one, two, three), received "calculator"',
    );
  });

  it.each([
    ['a.mjs', 'export const tool = 1;', 'must export tools, by that name or as default; it exports tool'],
    ['a.mjs', '', 'must export tools, by that name or as default; it exports nothing'],
    ['a.mjs', 'export const tools = 5;', 'must export an array of tools, as defineTool makes them'],
    ['a.mjs', 'export const tools = [{ name: "x" }];', 'does not fit: Option "tools" must be tools'],
    ['a.mjs', `export const tools = [${TOOL('a')}, ${TOOL('a')}];`, 'does not fit: Option "tools" must not'],
    ['a.mjs', '\nthrow new TypeError("boom");', 'cannot be loaded: TypeError: boom (line 2)'],
    ['a.mjs', 'export default () => {\n  throw new Error("boom");\n}', 'its function failed: Error: boom (line 2)'],
    ['a.mjs', 'import "not-installed";', "cannot be loaded: Error: Cannot find package 'not-installed'"],
    [
      'a.cjs',
      'module.exports = require("not-installed");',
      "cannot be loaded: Error: Cannot find module 'not-installed'",
    ],
  ])('names the file and what is wrong with %s: %j', async (name, content, what) => {
    const file = write(name, content);
    const key = '--tools';
    await expect(chooseTools(resolve({ tools: file }))).rejects.toThrow(`${key}: "${file}" ${what}`);
  });

  it('names a file that is not there, and a directory', async () => {
    await expect(chooseTools(resolve({}, { AGENT_TOOLS: './nowhere.mjs' }))).rejects.toThrow(
      'AGENT_TOOLS: "./nowhere.mjs" cannot be loaded: no such file',
    );
    const directory = join(temporaryDirectory(), 'x');
    mkdirSync(directory);
    await expect(chooseTools(resolve({ tools: directory }))).rejects.toThrow(
      `--tools: "${directory}" cannot be loaded: no such file`,
    );
  });
});

describe('--provider FILE', () => {
  it('answers with what the module exports', async () => {
    const file = write(
      'mine.mjs',
      `export default ({ KEY }) => ({ vendor: 'mine', model: KEY, async *stream() { yield { type: 'text-delta', text: 'x' }; } });`,
    );
    const chosen = await chooseProvider(resolve({ provider: file }, { KEY: 'k-1' }));
    expect(chosen).toMatchObject({ kind: 'module', provider: { vendor: 'mine', model: 'k-1' } });
    expect(chosen.summary).toBe(`mine: model k-1, from ${file}`);
  });

  it.each([
    ['export const provider = { vendor: "x" };', 'does not fit: Option "provider" must be an LlmProvider'],
    ['export const provider = { stream() {} };', 'does not fit: Option "provider.vendor" must be a string'],
  ])('names what is wrong with %j', async (content, what) => {
    const file = write('a.mjs', content);
    await expect(chooseProvider(resolve({ provider: file }))).rejects.toThrow(`--provider: "${file}" ${what}`);
  });
});
