/** Runs the attack corpus in a separate process, whose time and memory a test can limit. */
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
  // The parser need not be safe for expressions that are too long to reach it.
  if (expression.length <= MAX_EXPRESSION_LENGTH) refuses(() => evaluate(expression));
}
process.stdout.write(`refused ${refused} of ${ATTACKS.length}\n`);
