import { hasBrand } from '../protocol/branded.js';
import { AgentSocketError, type AgentSocketErrorOptions } from '../protocol/agent-socket-error.js';

const BRAND = Symbol.for('agent-ws.ToolsRefused');

/** A provider's error for a request that was refused because of its tools: the agent then asks without tools. */
export class ToolsRefused extends AgentSocketError {
  constructor(options?: AgentSocketErrorOptions) {
    super('provider_refused', 'The model provider does not permit tools with this model.', options);
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Like `instanceof`, but also true for an error made by another copy of this package. */
export function isToolsRefused(error: unknown): boolean {
  return hasBrand(error, BRAND);
}
