import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { defineMessage, defineTool, type AgentSocketServerOptions } from '../../src/index.js';
import { silentLogger } from '../../src/runtime/logger.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';

const fails = defineTool({
  name: 'fails',
  description: 'Fails.',
  params: z.object({}),
  execute: () => {
    throw new Error('the disk is full');
  },
});

/** A line on the console: the sentence, the error, how its fields look there, and whether the hint was there. */
interface Line {
  readonly sentence: string;
  readonly error: string;
  readonly shown: string;
  readonly hint: boolean;
}

/** What reaches the console from here on. */
function watchConsole(): Line[] {
  const told: Line[] = [];
  const spy = vi
    .spyOn(console, 'error')
    .mockImplementation((sentence: string, fields: { err: Error }, hint: string) => {
      told.push({ sentence, error: String(fields.err), shown: inspect(fields), hint: hint.includes('"logger"') });
    });
  onTestFinished(() => spy.mockRestore());
  return told;
}

async function connect(options: Partial<AgentSocketServerOptions>): Promise<TestClient> {
  const { agent, url } = await startServer({ tools: [fails], ...options });
  agent.messages.register(
    defineMessage({ type: 'own', schema: z.object({}), handle: () => Promise.reject(new Error('a hook fell over')) }),
  );
  return TestClient.connect(url);
}

describe('without a logger', () => {
  it('an error of a tool is told once on the console, with its error and a hint', async () => {
    const told = watchConsole();
    const client = await connect({});
    await client.ask({ type: 'tool_call', tool_name: 'fails' });
    expect(told).toMatchObject([
      { sentence: '[agent-ws] A tool failed', error: 'Error: the disk is full', hint: true },
    ]);
  });

  it('so is one of a provider', async () => {
    const told = watchConsole();
    const client = await connect({ provider: createScriptedProvider([new Error('no route to the model')]) });
    await client.ask({ type: 'agent_query', query: 'q' });
    expect(told).toMatchObject([
      { sentence: '[agent-ws] The provider failed', error: 'Error: no route to the model', hint: true },
    ]);
  });

  it('so is one of a message type', async () => {
    const told = watchConsole();
    const client = await connect({});
    client.send({ type: 'own' });
    await expect
      .poll(() => told)
      .toMatchObject([
        { sentence: '[agent-ws] A message handler failed', error: 'Error: a hook fell over', hint: true },
      ]);
  });

  it('so is one of the authenticate hook', async () => {
    const told = watchConsole();
    const authenticate = () => Promise.reject(new Error('the directory does not answer'));
    const { url } = await startServer({ authenticate });
    await expect(TestClient.connect(url)).rejects.toThrow();
    expect(told).toMatchObject([
      {
        sentence: '[agent-ws] The authenticate hook refused a client',
        error: 'Error: the directory does not answer',
        hint: true,
      },
    ]);
  });

  it('nothing is told of what goes well', async () => {
    const told = watchConsole();
    const client = await connect({});
    await client.ask({ type: 'agent_query', query: 'q' });
    await client.ask({ type: 'tool_call', tool_name: 'nothing' });
    expect(told).toEqual([]);
  });
});

describe('with a logger', () => {
  it.each([
    ['false', false as const],
    ['the silent one', silentLogger],
  ])('the console stays empty: %s', async (_name, logger) => {
    const told = watchConsole();
    const client = await connect({ logger });
    await client.ask({ type: 'tool_call', tool_name: 'fails' });
    expect(told).toEqual([]);
  });
});

describe('a result that JSON has no form for', () => {
  it.each([
    ['a Map', new Map([['a', 1]]), 'Map'],
    ['a Set inside', { list: [new Set([1])] }, 'Set'],
    ['a Promise inside', { later: Promise.resolve(1) }, 'Promise'],
    ['a Response', new Response('x'), 'Response'],
    ['an Error', new Error('x'), 'Error'],
  ])('fails its call, and says why to the operator: %s', async (_name, result, kind) => {
    const told = watchConsole();
    const tool = defineTool({ name: 'odd', description: '', params: z.object({}), execute: () => result });
    const client = await connect({ tools: [tool] });
    const end = await client.ask({ type: 'tool_call', tool_name: 'odd' });
    expect(end).toMatchObject({ code: 'tool_failed', error: 'The result of the tool "odd" is not JSON' });
    expect(told).toHaveLength(1);
    expect(told[0]?.shown).toContain(`JSON has no form for a ${kind}: return plain objects and arrays`);
  });

  it('does not keep away what has one', async () => {
    class Point {
      readonly x = 1;
    }
    const result: unknown[] = [new Date(0), new Point(), Object.create(null), Object(5), {}, []];
    const tool = defineTool({ name: 'even', description: '', params: z.object({}), execute: () => result });
    const client = await connect({ tools: [tool] });
    const end = await client.ask({ type: 'tool_call', tool_name: 'even' });
    expect(end).toMatchObject({ result: ['1970-01-01T00:00:00.000Z', { x: 1 }, {}, 5, {}, []] });
  });
});
