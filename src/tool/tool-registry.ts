import { hasBrand } from '../protocol/branded.js';
import type { Principal } from '../connection/principal.js';
import { OptionError } from '../runtime/option-error.js';
import type { LlmTool } from './llm-tool.js';
import { isSchema } from './standard-schema.js';
import type { Tool } from './tool.js';

const BRAND = Symbol.for('agent-ws.ToolRegistry');

/** The tools of a run. */
export type UsableTools = Pick<ToolRegistry, 'get' | 'names' | 'describe'>;

/** The tools a server offers, by name. */
export class ToolRegistry<P extends Principal = Principal, Metadata = unknown> implements Iterable<Tool<P, Metadata>> {
  /** Like `instanceof`, but also true for a registry made by another copy of this package. */
  static isInstance(value: unknown): value is ToolRegistry<never, never> {
    return hasBrand(value, BRAND);
  }

  readonly #tools = new Map<string, Tool<P, Metadata>>();
  /** All tools as a model sees them, until one comes or goes. */
  #described: readonly LlmTool[] | undefined;

  /** @throws OptionError if two tools have the same name. */
  constructor(tools: Iterable<Tool<P, Metadata>> = []) {
    Object.defineProperty(this, BRAND, { value: true });
    for (const tool of tools) this.register(tool);
  }

  /**
   * Adds a tool. Runs that start afterwards can use it.
   * @throws OptionError if the name is taken, or the value is not a tool.
   */
  register(tool: Tool<P, Metadata>): this {
    const { name, execute, params, parameters, timeoutMs } = Object(tool) as Partial<Tool>;
    const isWhole = typeof execute === 'function' && isSchema(params) && typeof timeoutMs === 'number';
    if (typeof name !== 'string' || !isWhole || typeof parameters !== 'object') {
      throw new OptionError('tools', 'tools, as defineTool makes them', tool);
    }
    if (this.#tools.has(name)) {
      const rule = 'must not contain two tools with the same name';
      throw new OptionError('tools', `Option "tools" ${rule}, received ${JSON.stringify(name)}`);
    }
    this.#tools.set(tool.name, tool);
    this.#described = undefined;
    return this;
  }

  /** Removes a tool. Calls in progress continue. Returns whether the tool existed. */
  unregister(name: string): boolean {
    this.#described = undefined;
    return this.#tools.delete(name);
  }

  get(name: string): Tool<P, Metadata> | undefined {
    return this.#tools.get(name);
  }

  /** The names of all tools. */
  get names(): string[] {
    return [...this.#tools.keys()];
  }

  get size(): number {
    return this.#tools.size;
  }

  [Symbol.iterator](): IterableIterator<Tool<P, Metadata>> {
    return this.#tools.values();
  }

  /** The tools as a model sees them: all, or the named ones. */
  describe(names?: readonly string[]): readonly LlmTool[] {
    this.#described ??= Array.from(this.#tools.values(), ({ name, description, parameters }) =>
      Object.freeze({ name, description, parameters }),
    );
    return names === undefined ? this.#described : this.#described.filter(({ name }) => names.includes(name));
  }
}
