import type { AgentSocketServerOptions } from '../options.js';
import type { SettingName, Settings } from './settings-table.js';

/** Settings that are options of the server under the same name. */
const SAME = [
  'path',
  'systemPrompt',
  'maxSteps',
  'allowedOrigins',
  'allowedHosts',
  'trustedProxies',
  'maxConnections',
  'heartbeatIntervalMs',
  'maxMessageBytes',
  'backpressureBytes',
  'slowConsumerMs',
  'perMessageDeflate',
  'maxRunsPerConnection',
  'maxRunMs',
  'maxRunBytes',
  'maxLogBytes',
  'detachGraceMs',
  'maxContextTokens',
  'approvalTimeoutMs',
  'maxConversationBytes',
  'maxRetainedBytes',
  'retainMs',
  'maxToolResultBytes',
  'coalesceMs',
] as const satisfies (SettingName & keyof AgentSocketServerOptions)[];

/** What the settings mean to `createAgentSocketServer`. */
export function serverOptions(
  settings: Settings,
): Pick<AgentSocketServerOptions, (typeof SAME)[number] | 'clientMayChoose'> {
  const same = Object.fromEntries(SAME.map((name) => [name, settings[name]])) as Pick<Settings, (typeof SAME)[number]>;
  return {
    ...same,
    clientMayChoose: {
      models: settings.clientModels,
      temperature: settings.clientTemperature,
      tools: settings.clientTools,
    },
  };
}
