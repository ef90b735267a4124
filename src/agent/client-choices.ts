import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { checkKnownOptions } from '../runtime/check-known-options.js';
import { listed } from '../runtime/listed.js';
import { OptionError } from '../runtime/option-error.js';
import type { KnownOptions } from '../runtime/unknown-option.js';
import type { ClientMessageOf } from '../protocol/client-messages.js';

/** A request that goes to the model. */
export type QueryRequest = ClientMessageOf<'agent_query'> | ClientMessageOf<'streaming_query'>;

/** What a query may choose for itself. Nothing, unless the operator says so; what else it asks for is `forbidden`. */
export interface ClientChoices {
  /**
   * Models a query may name.
   * @default []
   */
  models?: readonly string[];
  /**
   * Whether a query may set `temperature`.
   * @default false
   */
  temperature?: boolean;
  /**
   * Whether a query may narrow the tools the model sees to a subset.
   * @default false
   */
  tools?: boolean;
}

const CLIENT_CHOICES: KnownOptions<ClientChoices> = { models: true, temperature: true, tools: true };

/** @throws OptionError where one is not known or breaks its rule. */
export function checkClientChoices(choices: unknown): void {
  if (choices === undefined) return;
  checkKnownOptions(choices, CLIENT_CHOICES, 'clientMayChoose');
  const { models, temperature, tools } = choices as Record<keyof ClientChoices, unknown>;
  if (models !== undefined && !(Array.isArray(models) && models.every((model) => typeof model === 'string'))) {
    throw new OptionError('clientMayChoose.models', 'an array of strings', models);
  }
  for (const [name, value] of Object.entries({ temperature, tools })) {
    if (value !== undefined && typeof value !== 'boolean') {
      throw new OptionError(`clientMayChoose.${name}`, 'true or false', value);
    }
  }
}

function otherModel(model: string, models: readonly string[]): AgentSocketError {
  if (models.length === 0)
    return new AgentSocketError('forbidden', 'This server does not let a query choose the model');
  const allowed = `This server does not let a query choose the model ${JSON.stringify(model)}; it may choose ${listed(models)}`;
  return new AgentSocketError('forbidden', allowed);
}

/** @throws AgentSocketError `forbidden` where a query chooses what it may not. */
export function checkChosen(request: QueryRequest, choices: ClientChoices): void {
  const { models = [], temperature = false, tools = false } = choices;
  if (request.model !== undefined && !models.includes(request.model)) throw otherModel(request.model, models);
  if (request.temperature !== undefined && !temperature) {
    throw new AgentSocketError('forbidden', 'This server does not let a query choose the temperature');
  }
  if (request.tools !== undefined && !tools) {
    throw new AgentSocketError('forbidden', 'This server does not let a query choose the tools');
  }
}
