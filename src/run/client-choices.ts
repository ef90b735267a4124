import { OptionError } from '../errors/option-error.js';

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

/** @throws OptionError where one breaks its rule. */
export function checkClientChoices(choices: unknown): void {
  if (choices === undefined) return;
  if (typeof choices !== 'object' || choices === null) throw new OptionError('clientMayChoose', 'an object', choices);
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
