import type { Principal } from '../connection/principal.js';
import type { Permissions } from '../permission/permissions.js';
import type { LlmTool } from '../tool/llm-tool.js';
import type { ToolRegistry, UsableTools } from '../tool/tool-registry.js';
import type { Tool } from '../tool/tool.js';

/**
 * The tools that a principal may use. All others do not exist for the principal: they are neither described nor found
 * nor suggested. The policy is asked again each time.
 */
export class PermittedTools implements UsableTools {
  readonly #tools: ToolRegistry;
  readonly #isPermitted: (name: string) => boolean;

  /** @param by - who calls the tools: a model, or a client with `tool_call` */
  constructor(tools: ToolRegistry, permissions: Permissions, principal: Principal, by: 'model' | 'client') {
    this.#tools = tools;
    this.#isPermitted = (tool) => permissions.allows(principal, 'tool', { tool, by });
  }

  get(name: string): Tool | undefined {
    const tool = this.#tools.get(name);
    return tool !== undefined && this.#isPermitted(name) ? tool : undefined;
  }

  get names(): string[] {
    return this.#tools.names.filter(this.#isPermitted);
  }

  describe(names?: readonly string[]): readonly LlmTool[] {
    const all = this.#tools.describe(names);
    const permitted = all.filter(({ name }) => this.#isPermitted(name));
    // The list of the registry stays the same from request to request, which providers may make use of.
    return permitted.length === all.length ? all : permitted;
  }
}
