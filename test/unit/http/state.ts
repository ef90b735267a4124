import { z } from 'zod';
import { ToolRegistry } from '../../../src/tool/tool-registry.js';
import { defineTool } from '../../../src/tool/tool.js';
import type { HttpRoutesState } from '../../../src/http/state.js';

export const calculator = defineTool({
  name: 'calculator',
  description: 'Evaluates <arithmetic>.',
  params: z.object({ expression: z.string().min(1).max(500).describe('Such as `1 + 2`.') }),
  execute: () => 0,
});

interface Tree {
  name: string;
  children: Tree[];
}
const tree: z.ZodType<Tree> = z.object({ name: z.string(), children: z.lazy(() => z.array(tree)) });

/** A tool whose schema refers to itself and to a named schema: its JSON Schema holds local references. */
export const planter = defineTool({
  name: 'plant',
  description: 'Plants trees.',
  params: z.object({
    forest: z.array(tree),
    owner: z.object({ id: z.string() }).meta({ id: 'Owner' }),
    heir: z.object({ id: z.string() }).meta({ id: 'Heir' }),
  }),
  execute: () => 0,
});

/** A quiet server, as the routes see it. */
export function quietState(more: Partial<HttpRoutesState> = {}): HttpRoutesState {
  const tools = new ToolRegistry([calculator, planter]);
  return {
    path: '/ws/agent',
    info: { version: '1.2.3' },
    statistics: () => ({ active_connections: 0, total_connections: 0, total_messages: 0, connections: [] }),
    tools: () => tools.describe(),
    isReady: () => true,
    ...more,
  };
}
