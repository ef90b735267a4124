import { nearest } from '../protocol/nearest.js';
import type { Setting } from './setting.js';
import { SETTINGS } from './settings-table.js';
import type { SettingSources } from './settings.js';

const ROWS: readonly Setting<unknown>[] = Object.values(SETTINGS);
const VARIABLES = ROWS.map(({ env }) => env);

/** How the names of our variables begin. */
const PREFIXES = ['AGENT_', 'WS_', 'OPENAI_', 'LOG_', 'TLS_'];

/** Names that other programs have for the same. */
const ALIASES: Readonly<Record<string, string>> = {
  OPENAI_API_BASE: 'OPENAI_BASE_URL',
  OPENAI_API_URL: 'OPENAI_BASE_URL',
  OPENAI_ORGANIZATION: 'OPENAI_ORG_ID',
};

/** What `agent-ws chat` reads. */
const OTHERS = ['AGENT_WS_TOKEN'];

/**
 * What the operator most likely did not mean: variables nobody reads, and values such as `LOG_FILE=true`. One sentence
 * each, without values of variables nobody knows.
 */
export function oddities(sources: SettingSources): string[] {
  const { dotEnv, environment } = sources;
  return [
    ...Object.keys(dotEnv)
      .filter((name) => isUnknown(name) && looksLikeOurs(name))
      .map((name) => tell('.env', name, ALIASES[name] ?? nearest(name, VARIABLES))),
    // Other programs have variables there: only what is a slip beyond doubt, and is missed under its right name, is told.
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
