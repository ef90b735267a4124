import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { listed } from '../runtime/listed.js';
import type { Checked, OptionTable } from '../runtime/option-table.js';
import { boolean, list } from '../runtime/rule.js';
import type { ClientMessageOf } from '../protocol/client-messages.js';

/** A request that goes to the model. */
export type QueryRequest = ClientMessageOf<'agent_query'> | ClientMessageOf<'streaming_query'>;

/** What a query may choose for itself: nothing by default. Any other choice is refused as `forbidden`. */
export interface ClientChoices {
  /**
   * Models a query may choose.
   * @default []
   */
  models?: readonly string[] | undefined;
  /**
   * Let a query set the temperature.
   * @default false
   */
  temperature?: boolean | undefined;
  /**
   * Let a query narrow the tools the model sees.
   * @default false
   */
  tools?: boolean | undefined;
}

export const CLIENT_CHOICES = {
  models: { text: 'Models a query may choose.', rule: list('names of models'), default: [] },
  temperature: { text: 'Let a query set the temperature.', rule: boolean, default: false },
  tools: { text: 'Let a query narrow the tools the model sees.', rule: boolean, default: false },
} as const satisfies OptionTable<ClientChoices>;

function otherModel(model: string, models: readonly string[]): AgentSocketError {
  if (models.length === 0)
    return new AgentSocketError('forbidden', 'This server does not let a query choose the model');
  const allowed = `This server does not let a query choose the model ${JSON.stringify(model)}; it may choose ${listed(models)}`;
  return new AgentSocketError('forbidden', allowed);
}

/** @throws AgentSocketError `forbidden` if a query makes a choice that is not allowed. */
export function checkChosen(request: QueryRequest, choices: Checked<ClientChoices, typeof CLIENT_CHOICES>): void {
  const { models, temperature, tools } = choices;
  if (request.model !== undefined && !models.includes(request.model)) throw otherModel(request.model, models);
  if (request.temperature !== undefined && !temperature) {
    throw new AgentSocketError('forbidden', 'This server does not let a query choose the temperature');
  }
  if (request.tools !== undefined && !tools) {
    throw new AgentSocketError('forbidden', 'This server does not let a query choose the tools');
  }
}
