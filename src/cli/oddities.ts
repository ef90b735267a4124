import { nearest } from '../protocol/nearest.js';
import type { Setting } from './setting.js';
import { SETTINGS } from './settings-table.js';
import type { SettingSources } from './settings.js';

const ROWS: readonly Setting<unknown>[] = Object.values(SETTINGS);
const VARIABLES = ROWS.map(({ env }) => env);

/** Prefixes of our variables. */
const PREFIXES = ['AGENT_', 'WS_', 'OPENAI_', 'LOG_', 'TLS_'];

/** Names of other programs for the same settings. */
const ALIASES: Readonly<Record<string, string>> = {
  OPENAI_API_BASE: 'OPENAI_BASE_URL',
  OPENAI_API_URL: 'OPENAI_BASE_URL',
  OPENAI_ORGANIZATION: 'OPENAI_ORG_ID',
};

/** Variables of `agent-ws chat`. */
const OTHERS = ['AGENT_WS_TOKEN', 'AGENT_WS_CLIENT_SECRET'];

/**
 * Finds likely mistakes: unknown variables, and values such as `LOG_FILE=true`. One sentence each, without the values
 * of unknown variables.
 */
export function oddities(sources: SettingSources): string[] {
  const { dotEnv, environment } = sources;
  return [
    ...Object.keys(dotEnv)
      .filter((name) => isUnknown(name) && looksLikeOurs(name))
      .map((name) => tell('.env', name, ALIASES[name] ?? nearest(name, VARIABLES))),
    // Other programs set variables too, so only certain mistakes are reported, and only if the right name is not set.
    ...Object.keys(environment)
      .filter((name) => isUnknown(name) && !(name in dotEnv))
      .flatMap((name) => {
        const right = ALIASES[name] ?? VARIABLES.find((variable) => letters(variable) === letters(name));
        const isMissed = right !== undefined && environment[right] === undefined && dotEnv[right] === undefined;
        return isMissed ? [tell('the environment', name, right)] : [];
      }),
    ...ROWS.flatMap((setting) => doubtful(setting, sources)),
  ];
}

function tell(place: string, name: string, right: string | undefined): string {
  const hint = right === undefined ? '"agent-ws serve --help" lists them' : `did you mean ${right}?`;
  return `${name} in ${place} is no setting and does nothing; ${hint}`;
}

function isUnknown(name: string): boolean {
  return !VARIABLES.includes(name) && !OTHERS.includes(name);
}

function looksLikeOurs(name: string): boolean {
  return (
    name in ALIASES ||
    VARIABLES.includes(name.toUpperCase()) ||
    PREFIXES.some((it) => name.toUpperCase().startsWith(it))
  );
}

function letters(name: string): string {
  return name.toLowerCase().replaceAll('_', '');
}

function doubtful({ env, type }: Setting<unknown>, { environment, dotEnv }: SettingSources): string[] {
  const value = environment[env]?.trim() || dotEnv[env]?.trim() || '';
  const doubt = value === '' ? undefined : type.doubt?.(value);
  return doubt === undefined ? [] : [`${env}=${value}: ${doubt}`];
}
