// Tools that write down that they ran, for processes of tests: one never returns, and one needs a person.
import { appendFileSync } from 'node:fs';
import { z } from 'zod';
import { defineTool } from '../../dist/index.js';

const params = z.object({ what: z.string() });

/** @param {Record<string, string>} environment */
export function tools({ ACTED_FILE }) {
  const act = ({ what }) => appendFileSync(ACTED_FILE, `${what}\n`);
  return [
    defineTool({
      name: 'hang',
      description: 'Hangs',
      params,
      execute: (given) => {
        act(given);
        return new Promise(() => undefined);
      },
    }),
    defineTool({
      name: 'pay',
      description: 'Pays',
      params,
      needsApproval: true,
      execute: (given) => {
        act(given);
        return 'paid';
      },
    }),
  ];
}
