/** Runs the attack corpus in a process of its own, which a test can limit in time and memory. */
import { AgentSocketError } from '../../src/protocol/agent-socket-error.js';
import { calculator, evaluate } from '../../src/tools/calculator.js';
import { MAX_EXPRESSION_LENGTH } from '../../src/tools/expression.js';
import { ATTACKS } from '../unit/tools/attack-corpus.js';

function refuses(attempt: () => unknown): boolean {
  try {
    attempt();
    return false;
  } catch (error) {
    if (AgentSocketError.isInstance(error)) return true;
    throw error;
  }
}

let refused = 0;
for (const { expression } of ATTACKS) {
  if (refuses(() => calculator.execute({ expression }, {} as never))) refused++;
  // The parser alone need not be bounded for texts that the reader never lets through.
  if (expression.length <= MAX_EXPRESSION_LENGTH) refuses(() => evaluate(expression));
}
process.stdout.write(`refused ${refused} of ${ATTACKS.length}\n`);
