import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { AgentSocketError } from '../../src/protocol/agent-socket-error.js';
import { calculator, evaluate } from '../../src/tools/calculator.js';
import { MAX_EXPRESSION_LENGTH } from '../../src/tools/expression.js';
import { ATTACKS } from '../unit/tools/attack-corpus.js';
import { bundle } from '../helpers/bundle.js';
import { errorOf, executeTool } from '../unit/tools/execute-tool.js';
import { realmFingerprint, sameRealm } from '../unit/tools/realm.js';

const PROGRAM = await bundle(new URL('../helpers/run-attacks.ts', import.meta.url));

const show = (expression: string) => JSON.stringify(expression.slice(0, 60));

describe('calculator under attack', () => {
  // First, because a hang in this process would end no test.
  it('needs little memory and little time for the whole corpus', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--max-old-space-size=96', PROGRAM],
      // A hang is what this bound is for: the work itself takes a fraction of a second on a machine that is not busy.
      { timeout: 60_000, killSignal: 'SIGKILL' },
    );
    expect(stdout).toBe(`refused ${ATTACKS.length} of ${ATTACKS.length}\n`);
  });

  it('refuses every attack with a clear sentence and leaves the realm as it was', async () => {
    const before = realmFingerprint();
    for (const { aim, expression } of ATTACKS) {
      const attack = `${aim}: ${show(expression)}`;
      for (const params of [{ expression }, { expression: `1 + ${expression}` }]) {
        const error = await errorOf(() => executeTool(calculator, params));
        expect(AgentSocketError.isInstance(error), attack).toBe(true);
        const { code, message } = error as AgentSocketError;
        expect(['invalid_params', 'tool_failed'], attack).toContain(code);
        expect(message.length, attack).toBeLessThan(200);
        // What is quoted is the attacker's own word.
        expect(message.replaceAll(/"[^"]+"/g, ''), attack).not.toMatch(/parse|token|undefined|prototype|stack|\n/i);
      }
    }
    expect(sameRealm(before, realmFingerprint())).toBe(true);
  });

  it('holds behind the reader too: the parser alone gives a finite number or refuses', () => {
    const before = realmFingerprint();
    for (const { aim, expression } of ATTACKS) {
      // The parser need not be quick with expressions that are too long to reach it.
      if (expression.length > MAX_EXPRESSION_LENGTH) continue;
      const attack = `${aim}: ${show(expression)}`;
      let result: unknown = 0;
      try {
        result = evaluate(expression);
      } catch (error) {
        expect(AgentSocketError.isInstance(error), attack).toBe(true);
      }
      expect(Number.isFinite(result), attack).toBe(true);
    }
    expect(sameRealm(before, realmFingerprint())).toBe(true);
  });

  it.each([
    '"a"',
    'sqrt',
    'max(1, 2) or 1',
    '[1]',
    'x',
    'random()',
    'toString',
    'constructor(1)',
    'x = 1',
    'f(x) = x',
    'max() = 1',
    'sqrt.length',
    '1 ? 2 : 3',
  ])('has a parser that refuses %j without the reader', (expression) => {
    expect(() => evaluate(expression)).toThrow(AgentSocketError);
  });

  it('asks the parser which names it found', () => {
    expect(() => evaluate('sqrt(x)')).toThrow('unknown name');
  });

  it('would notice a change of the realm', () => {
    const before = realmFingerprint();
    expect(sameRealm(before, realmFingerprint())).toBe(true);
    Object.defineProperty(Object.prototype, 'polluted', { value: 1, configurable: true });
    try {
      expect(sameRealm(before, realmFingerprint())).toBe(false);
    } finally {
      delete (Object.prototype as { polluted?: unknown }).polluted;
    }
  });
});
