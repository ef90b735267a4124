import { OPENAI_PROVIDER_OPTIONS } from '../providers/openai/options.js';
import { TOOL_NAMES } from '../tools/names.js';
import { optionSettings, setting } from './setting.js';
import { file, jsonObject, jsonTexts, list, providerPlace, text } from './value-types.js';

const BUILT_IN_TOOLS = Object.values(TOOL_NAMES);

/** Settings that are options of `createOpenAiProvider`. */
export const OPENAI_SETTINGS = {
  ...optionSettings(OPENAI_PROVIDER_OPTIONS, {
    baseUrl: { group: 'Model', flag: '--base-url', env: 'OPENAI_BASE_URL', type: text('url') },
    organization: { group: 'Model', flag: '--organization', env: 'OPENAI_ORG_ID', placeholder: 'id' },
    temperature: { group: 'Model', flag: '--temperature', env: 'OPENAI_TEMPERATURE', placeholder: 'number' },
    accepts: { group: 'Model', flag: '--accepts', env: 'OPENAI_ACCEPTS', placeholder: 'kinds' },
    extraBody: { group: 'Model', flag: '--extra-body', env: 'OPENAI_EXTRA_BODY', type: jsonObject },
    extraHeaders: { group: 'Model', env: 'OPENAI_EXTRA_HEADERS', type: jsonTexts },
    firstTokenTimeoutMs: { group: 'Model', flag: '--first-token-timeout', env: 'OPENAI_FIRST_TOKEN_TIMEOUT' },
    tokenTimeoutMs: { group: 'Model', flag: '--token-timeout', env: 'OPENAI_TOKEN_TIMEOUT' },
  }),
  model: setting({
    group: 'Model',
    flag: '--model',
    env: 'OPENAI_MODEL',
    type: text('name'),
    default: 'gpt-4o-mini',
    help: OPENAI_PROVIDER_OPTIONS.model.text,
  }),
};

/** The settings of the model: part of the table of settings. */
export const MODEL_SETTINGS = {
  provider: setting({
    group: 'Model',
    flag: '--provider',
    env: 'AGENT_PROVIDER',
    type: providerPlace,
    default: 'auto',
    help: 'Who answers: openai, demo, auto, which is openai if OPENAI_API_KEY is set and otherwise the offline demo, or the path of a module that exports a provider.',
  }),
  apiKey: setting({
    group: 'Model',
    env: 'OPENAI_API_KEY',
    type: text('key'),
    default: undefined,
    help: OPENAI_PROVIDER_OPTIONS.apiKey.text,
  }),
  ...OPENAI_SETTINGS,
  tools: setting({
    group: 'Model',
    flag: '--tools',
    env: 'AGENT_TOOLS',
    type: file,
    default: undefined,
    shownDefault: BUILT_IN_TOOLS.join(' and '),
    help: 'A module that exports tools: they replace the built-in ones.',
  }),
  approveTools: setting({
    group: 'Model',
    flag: '--approve-tools',
    env: 'AGENT_APPROVE_TOOLS',
    type: list('names', 'names of tools', (entry): entry is string => entry !== ''),
    default: [],
    help: `Tools that run only if a person has approved the call: ${BUILT_IN_TOOLS.join(',')}.`,
  }),
};
