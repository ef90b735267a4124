import { ToolRegistry } from '../tool/tool-registry.js';
import type { Tool } from '../tool/tool.js';
import { toolsInTheBox } from '../tools/in-the-box.js';
import { CliError } from './cli-error.js';
import { failure, loadExport } from './load-module.js';
import type { ResolvedSettings } from './settings.js';

/**
 * The tools of the operator's module, or the default tools. Tools that the operator named need approval; each other
 * tool decides for itself.
 * @throws CliError if the module exports no tools, or a named tool does not exist
 */
export async function chooseTools(resolved: ResolvedSettings): Promise<Tool[]> {
  const { settings, keyOf } = resolved;
  const tools = settings.tools === undefined ? toolsInTheBox : await loadTools(settings.tools, resolved);
  const approveTools: readonly string[] = settings.approveTools;
  const unknown = approveTools.find((name) => tools.every((tool) => tool.name !== name));
  if (unknown !== undefined) {
    const names = tools.map(({ name }) => name).join(', ');
    throw new CliError(
      `${keyOf('approveTools')}: must be names of tools (${names}), received ${JSON.stringify(unknown)}`,
    );
  }
  return tools.map((tool) => (approveTools.includes(tool.name) ? { ...tool, needsApproval: true } : tool));
}

async function loadTools(file: string, { keyOf, environment }: ResolvedSettings): Promise<readonly Tool[]> {
  const source = { file, name: 'tools', key: keyOf('tools'), environment };
  const exported = await loadExport(source);
  if (typeof exported !== 'object' || exported === null || !(Symbol.iterator in exported)) {
    throw failure(source, 'must export an array of tools, as defineTool makes them, or a function that returns one');
  }
  try {
    return [...new ToolRegistry(exported as Iterable<Tool>)];
  } catch (error) {
    throw failure(source, `does not fit: ${(error as Error).message}`, error);
  }
}
