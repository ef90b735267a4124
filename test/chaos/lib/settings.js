import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

const USAGE = `npm run chaos -- [options]

  --seed N       decides what happens, though not to the millisecond (a new one each time)
  --clients N    clients that ask one question after the other (200)
  --seconds N    how long questions are asked (60)
  --kills N      how often the server is killed meanwhile, and started again (4)
  --tokens N     tokens of the longest answer (120)
  --cluster      three servers over one Redis instead of one, and Redis is killed as well
`;

const MOST = { seed: 2 ** 32 - 1, clients: 2_000, seconds: 3_600, kills: 100, tokens: 10_000 };

/** Ends the program. */
export function fail(text) {
  process.stderr.write(`chaos: ${text}\n`);
  process.exit(1);
}

/** What the command line asks for. */
export function readSettings() {
  const { help, cluster, ...texts } = readArguments();
  if (help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const numbers = Object.entries(texts).map(([name, text]) => [name, readNumber(name, text)]);
  return { cluster, ...Object.fromEntries(numbers) };
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        seed: { type: 'string', default: String(randomInt(MOST.seed)) },
        clients: { type: 'string', default: '200' },
        seconds: { type: 'string', default: '60' },
        kills: { type: 'string', default: '4' },
        tokens: { type: 'string', default: '120' },
        cluster: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return fail(error.message);
  }
}

function readNumber(name, text) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= MOST[name]) return value;
  return fail(`--${name} is a whole number up to ${MOST[name]}, not "${text}"`);
}
