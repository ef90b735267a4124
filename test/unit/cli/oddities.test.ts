import { describe, expect, it } from 'vitest';
import { oddities } from '../../../src/cli/oddities.js';

function told({ dotEnv = {}, environment = {} }: Partial<Record<'dotEnv' | 'environment', Record<string, string>>>) {
  return oddities({ flags: {}, environment, dotEnv });
}

describe('oddities of .env', () => {
  it.each([
    ['AGENT_MAXSTEPS', 'AGENT_MAX_STEPS'],
    ['AGENT_MAX_STEP', 'AGENT_MAX_STEPS'],
    ['WS_MAX_CONECTIONS', 'WS_MAX_CONNECTIONS'],
    ['OPENAI_MODLE', 'OPENAI_MODEL'],
    ['OPENAI_API_BASE', 'OPENAI_BASE_URL'],
    ['port', 'PORT'],
  ])('%s is told, with %s', (name, right) => {
    expect(told({ dotEnv: { [name]: 'secret' } })).toEqual([
      `${name} in .env is no setting and does nothing; did you mean ${right}?`,
    ]);
  });

  it('without a near one points to the list', () => {
    expect(told({ dotEnv: { AGENT_FAVOURITE_COLOUR: 'x' } })).toEqual([
      'AGENT_FAVOURITE_COLOUR in .env is no setting and does nothing; "agent-ws serve --help" lists them',
    ]);
  });

  it('are none of what other programs read, or what we do', () => {
    expect(
      told({ dotEnv: { DATABASE_URL: 'x', POST: '1', PORT: '1', AGENT_WS_TOKEN: 't', LOG_FILE: 'true.log' } }),
    ).toEqual([]);
  });

  it.each(['true', 'False', '1', 'on', 'no'])('LOG_FILE=%s is a file of that name', (value) => {
    expect(told({ dotEnv: { LOG_FILE: value } })).toEqual([
      `LOG_FILE=${value}: it is taken for a file of the name "${value}"`,
    ]);
  });
});

describe('oddities of the environment', () => {
  it('are names that only lack or have an underscore', () => {
    expect(told({ environment: { AGENT_MAXSTEPS: '4', OPENAI_API_BASE: 'http://x/v1' } })).toEqual([
      'AGENT_MAXSTEPS in the environment is no setting and does nothing; did you mean AGENT_MAX_STEPS?',
      'OPENAI_API_BASE in the environment is no setting and does nothing; did you mean OPENAI_BASE_URL?',
    ]);
    expect(told({ environment: { LOG_FILE: 'yes' } })).toHaveLength(1);
  });

  it('are none of the names of other programs, and none that stand beside the right one', () => {
    expect(told({ environment: { AGENT_TOKEN: 'x', LOG_LEVELS: 'x', OPENAI_PROJECT_ID: 'x' } })).toEqual([]);
    expect(told({ environment: { OPENAI_API_BASE: 'x', OPENAI_BASE_URL: 'x' } })).toEqual([]);
  });
});
