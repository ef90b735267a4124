import type { Tool } from '../agent/tool.js';
import { calculator } from '../tools/calculator.js';
import { currentTime } from '../tools/current-time.js';
import { CliError } from './cli-error.js';
import type { ResolvedSettings } from './settings.js';

const TOOLS: readonly Tool[] = [calculator, currentTime];

/** The tools in the box, those the operator named behind the approval of a person. */
export function chooseTools({ settings, keyOf }: ResolvedSettings): Tool[] {
  const approveTools: readonly string[] = settings.approveTools;
  const unknown = approveTools.find((name) => TOOLS.every((tool) => tool.name !== name));
  if (unknown !== undefined) {
    const names = TOOLS.map(({ name }) => name).join(', ');
    throw new CliError(
      `${keyOf('approveTools')}: must be names of tools (${names}), received ${JSON.stringify(unknown)}`,
    );
  }
  return TOOLS.map((tool) => ({ ...tool, needsApproval: approveTools.includes(tool.name) }));
}
