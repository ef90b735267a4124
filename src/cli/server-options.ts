import { pick } from '../runtime/option-table.js';
import type { AgentSocketServerOptions } from '../options.js';
import { SERVER_SETTINGS, type Settings } from './settings-table.js';

/** Turns settings into options of `createAgentSocketServer`. */
export function serverOptions(settings: Settings): Omit<AgentSocketServerOptions, 'server' | 'provider'> {
  return {
    ...pick(settings, SERVER_SETTINGS),
    clientMayChoose: {
      models: settings.clientModels,
      temperature: settings.clientTemperature,
      tools: settings.clientTools,
    },
  };
}
