import { describe, expect, it, vi } from 'vitest';
import { Abort } from '../../../src/runtime/abort.js';
import { z } from 'zod';
import {
  AgentSocketError,
  ToolRegistry,
  defineTool,
  type StandardSchema,
  type Tool,
  type ToolLedger,
} from '../../../src/index.js';
import { MemoryToolLedger } from '../../../src/stores/memory/memory-tool-ledger.js';
import { silentLogger } from '../../../src/runtime/logger.js';
import { runTool, type ToolDeps, type ToolOutcome } from '../../../src/tool/run-tool.js';

function toolOf(
  execute: Tool['execute'],
  extra: Partial<Pick<Tool, 'params' | 'timeoutMs' | 'needsApproval'>> = {},
): Tool {
  return defineTool({ name: 't', description: 't', params: z.looseObject({}), parameters: {}, execute, ...extra });
}

function ledgerOf(methods: Partial<ToolLedger>): ToolLedger {
  const memory = new MemoryToolLedger();
  return {
    begin: (key) => memory.begin(key),
    settle: (key) => memory.settle(key),
    forget: (key) => memory.forget(key),
    ...methods,
  };
}

function run(tool: Tool, deps: Partial<ToolDeps> = {}, params: unknown = {}): Promise<ToolOutcome> {
  const ignore = (): void => undefined;
  return runTool(
    { toolCallId: 'c', toolName: 't', params },
    {
      tools: new ToolRegistry([tool]),
      ledger: new MemoryToolLedger(),
      principal: { id: 'owner' },
      runId: 'r',
      runKey: 'owner/r',
      abort: new Abort(),
      maxResultBytes: 1_000,
      logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      ...deps,
    },
  );
}

function errorOf(outcome: ToolOutcome): AgentSocketError {
  if (outcome.ok) throw new Error('The call went well');
  return outcome.error;
}

const never = new Promise<never>(() => undefined);

function validating(validate: (value: unknown) => Promise<{ value: unknown }>): StandardSchema {
  return { '~standard': { version: 1, vendor: 'own', validate } };
}

describe('A tool', () => {
  it('does not start where the run is stopped while the ledger commits', async () => {
    const abort = new Abort();
    let started = 0;
    let settled = 0;
    const ledger = ledgerOf({
      begin: async () => {
        await Promise.resolve();
        abort.abort();
        return undefined;
      },
      settle: () => {
        settled++;
      },
    });
    const outcome = await run(
      toolOf(() => ++started),
      { ledger, abort },
    );
    expect(errorOf(outcome).code).toBe('tool_failed');
    expect(started).toBe(0);
    expect(settled).toBe(1);
  });

  it('does not start in a run that is stopped already, nor is it written down', async () => {
    let begun = 0;
    const ledger = ledgerOf({
      begin: () => {
        begun++;
        return undefined;
      },
    });
    const tool = toolOf(() => never);
    const abort = new Abort();
    abort.abort();
    expect(errorOf(await run(tool, { ledger, abort })).code).toBe('tool_failed');
    expect(begun).toBe(0);
  });

  it('times out while its params are checked, and does not start later', async () => {
    let started = 0;
    const tool = toolOf(() => ++started, { params: validating(() => never), timeoutMs: 5 });
    expect(errorOf(await run(tool)).code).toBe('tool_timeout');
    expect(started).toBe(0);
  });

  it('has known to be without effect where the run is stopped while its params are checked', async () => {
    const abort = new Abort();
    const params = validating(() => {
      abort.abort();
      return never;
    });
    const outcome = await run(
      toolOf(() => 1, { params }),
      { abort },
    );
    expect(errorOf(outcome).code).toBe('tool_failed');
  });

  it('does not start where its time is over before the ledger has committed', async () => {
    let started = 0;
    const ledger = ledgerOf({
      begin: () => new Promise((resolve) => void setTimeout(() => resolve(undefined), 40)),
    });
    const outcome = await run(
      toolOf(() => ++started, { timeoutMs: 5 }),
      { ledger },
    );
    expect(errorOf(outcome).code).toBe('tool_timeout');
    expect(started).toBe(0);
  });

  it.each<[string, ToolLedger['settle']]>([
    [
      'throws',
      () => {
        throw new Error('disk');
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk'))],
  ])('keeps its result where the ledger %s on settling, which is logged', async (_how, settle) => {
    const faults: unknown[] = [];
    const ignore = (): void => undefined;
    const outcome = await run(
      toolOf(() => 42),
      {
        ledger: ledgerOf({ settle }),
        logger: { debug: ignore, info: ignore, warn: ignore, error: (fields) => void faults.push(fields) },
      },
    );
    expect(outcome).toEqual({ ok: true, result: 42 });
    expect(faults).toMatchObject([{ err: { message: 'disk' } }]);
  });

  it('takes what its schema makes, JSON or not', async () => {
    const params = z.object({ n: z.string().transform((text) => BigInt(text)) });
    const outcome = await run(
      toolOf((value) => String((value as { n: bigint }).n + 1n), { params }),
      {},
      { n: '41' },
    );
    expect(outcome).toEqual({ ok: true, result: '42' });
  });

  it.each<[string, unknown]>([
    ['Buffer', Buffer.from('hello')],
    ['Uint8Array', { bytes: new Uint8Array([1, 2]) }],
    ['Float32Array', [new Float32Array(2)]],
    ['Map', new Map([[1, 2]])],
    ['AsyncGenerator', (async function* () {})()],
    ['Response', new Response('x')],
  ])('has no result that JSON has no form for: a %s', async (name, result) => {
    const faults: { err: Error }[] = [];
    const logger = { ...silentLogger, error: (fields: object) => void faults.push(fields as { err: Error }) };
    const outcome = await run(
      toolOf(() => result),
      { logger },
    );
    expect(errorOf(outcome)).toMatchObject({ code: 'tool_failed', message: 'The result of the tool "t" is not JSON' });
    const said = `JSON has no form for a ${name}: return plain objects and arrays`;
    expect(faults.map(({ err }) => (err.cause as Error).message)).toEqual([said]);
  });

  it('can ask about params only that are JSON', async () => {
    let calls = 0;
    const params = z.object({ n: z.string().transform((text) => BigInt(text)) });
    const tool = toolOf(() => ++calls, { params, needsApproval: true });
    const approvals = { has: () => false, paramsOf: () => undefined, ask: () => Promise.resolve() };
    const error = errorOf(await run(tool, { approvals }, { n: '41' }));
    expect([error.code, error.message, calls]).toEqual(['tool_failed', 'What the tool "t" takes is not JSON', 0]);
  });

  it('asks once whether a call needs an approval, also where the run comes back after a restart', async () => {
    let asked = 0;
    const needsApproval = (): boolean => ++asked > 0;
    const tool = toolOf(() => 'done', { needsApproval });
    const ask = () => Promise.resolve();
    const first = await run(tool, { approvals: { has: () => false, paramsOf: () => undefined, ask } }, { a: 1 });
    expect([first.ok, asked]).toEqual([true, 1]);
    const later = await run(tool, { approvals: { has: () => true, paramsOf: () => ({ a: 1 }), ask } }, { a: 1 });
    expect([later.ok, asked]).toEqual([true, 1]);
    const changed = await run(tool, { approvals: { has: () => true, paramsOf: () => ({ a: 2 }), ask } }, { a: 1 });
    expect(errorOf(changed).code).toBe('forbidden');
  });

  it('may be called many times in one step without a warning', async () => {
    const warnings: string[] = [];
    const warn = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', warn);
    const abort = new Abort();
    const slow = toolOf(() => new Promise((resolve) => setTimeout(resolve, 5)));
    await Promise.all(Array.from({ length: 30 }, () => run(slow, { abort })));
    await new Promise(setImmediate);
    process.off('warning', warn);
    expect(warnings).toEqual([]);
  });

  it('tells few of very many issues, and each in short', async () => {
    const params = z.record(z.string(), z.array(z.number()));
    const tool = toolOf(() => 1, { params });
    const wrong = { ['k'.repeat(10_000)]: Array.from({ length: 10_000 }, () => 'x') };
    const error = errorOf(await run(tool, {}, wrong));
    expect(error.code).toBe('invalid_params');
    expect(error.issues).toHaveLength(16);
    for (const { path } of error.issues ?? []) expect(path).toBe('k'.repeat(200));
    expect(error.message.length).toBeLessThan(16 * 410);
  });
});

const circle: unknown[] = [];
circle.push(circle);

describe('What a tool reports while it works', () => {
  const reported = async (execute: Tool['execute'], deps: Partial<ToolDeps> = {}) => {
    const reports: unknown[] = [];
    const outcome = await run(toolOf(execute), { ...deps, onReport: (data) => reports.push(data) });
    return { reports, outcome };
  };

  it('is told as JSON has it, in order, and as it was then', async () => {
    const { reports } = await reported((_params, { report }) => {
      const rows = [1];
      report({ rows, at: new Date(0), nothing: undefined });
      rows.push(2);
      report(null);
    });
    expect(reports).toEqual([{ rows: [1], at: '1970-01-01T00:00:00.000Z' }, null]);
  });

  it.each<[string, unknown, string]>([
    ['a circle', circle, 'tool_failed'],
    ['a BigInt', 1n, 'tool_failed'],
    ['more than 64 KiB', '漢'.repeat(21_846), 'output_too_large'],
  ])('is an error in the tool where it is %s', async (_what, data, code) => {
    const { reports, outcome } = await reported((_params, { report }) => report(data));
    expect(errorOf(outcome).code).toBe(code);
    expect(reports).toEqual([]);
  });

  it('fits with 64 KiB', async () => {
    const { reports, outcome } = await reported((_params, { report }) => report('x'.repeat(65_534)));
    expect([reports.length, outcome.ok]).toEqual([1, true]);
  });

  it('is dropped after 256 times, which the log tells once', async () => {
    const warn = vi.fn();
    const { reports, outcome } = await reported(
      (_params, { report }) => {
        for (let i = 0; i < 300; i++) report(i);
      },
      { logger: { ...silentLogger, warn } },
    );
    expect([reports.length, outcome.ok, warn.mock.calls.length]).toEqual([256, true, 1]);
  });

  it('is ignored after the call has ended', async () => {
    let late: () => void = () => undefined;
    const { reports } = await reported((_params, { report }) => {
      late = () => report('late');
      report('in time');
    });
    late();
    expect(reports).toEqual(['in time']);
  });

  it('is ignored after the run was stopped', async () => {
    const abort = new Abort();
    const { reports } = await reported(
      (_params, { report }) => {
        report('before');
        abort.abort();
        report('after');
      },
      { abort },
    );
    expect(reports).toEqual(['before']);
  });

  it('goes nowhere, and harms nothing, where nobody reads it', async () => {
    expect(await run(toolOf((_params, { report }) => report(1)))).toEqual({ ok: true, result: null });
  });
});

describe('A tool is told', () => {
  it('who asks, in execute and in needsApproval', async () => {
    const seen: unknown[] = [];
    const asker = { principal: { id: 'ada' }, conversationId: 'talk', metadata: { tab: 1 } };
    const tool = toolOf((_params, context) => void seen.push(context), {
      needsApproval: (_params, call) => seen.push(call) === 0,
    });
    await run(tool, asker);
    expect(seen).toEqual([
      { ...asker, runId: 'r', toolCallId: 'c' },
      expect.objectContaining({ ...asker, runId: 'r', toolCallId: 'c' }) as unknown,
    ]);
  });
});

describe('A registry of tools', () => {
  const whole = toolOf(() => 1);

  it.each(['name', 'execute', 'params', 'parameters', 'timeoutMs'] as const)('refuses a tool without %s', (member) => {
    const made = { ...whole, [member]: undefined };
    expect(() => new ToolRegistry([made])).toThrow('Option "tools" must be tools, as defineTool makes them');
  });

  it('takes a tool that was made of another', () => {
    const other = { ...whole, name: 'other', tags: ['a'] };
    expect(new ToolRegistry([whole, other]).names).toEqual(['t', 'other']);
  });
});
