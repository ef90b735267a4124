import { describe, expect, it } from 'vitest';
import { asyncApi } from '../../../src/http/asyncapi.js';
import { clientMessages } from '../../../src/protocol/client-messages.js';
import { type AsyncApi, readCatalog } from '../../../src/web/catalog.js';
import { fillExample, groupMessages, problemOf, type MessageExample } from '../../../src/web/frames/raw-messages.js';
import { RawHistory } from '../../../src/web/frames/raw-messages.js';
import { quietState } from '../http/state.js';

const catalog = readCatalog(asyncApi(quietState()) as AsyncApi);
const messages = catalog.messages.filter(({ from }) => from === 'client');

/** The example of a type, filled in. */
function filled(type: string, isCore: boolean, atHand = {}): unknown {
  const example = messages.find((message) => message.type === type);
  if (example === undefined) throw new Error(`The document has no ${type}`);
  return JSON.parse(fillExample(example, isCore, atHand));
}

describe('the groups of messages', () => {
  it('hold every type of the server once', () => {
    const groups = groupMessages(messages, false);
    expect(groups.map(({ name }) => name)).toEqual(['talk', 'runs', 'conversations', 'rooms', 'connection']);
    const types = groups.flatMap(({ examples }) => examples.map(({ type }) => type));
    expect(types.toSorted()).toEqual(Object.keys(clientMessages).toSorted());
    expect(types[0]).toBe('streaming_query');
  });

  it('keep a type that the page does not know', () => {
    const own: MessageExample = { type: 'weather', schema: {}, example: { type: 'weather' } };
    expect(groupMessages([own], false)).toEqual([{ name: 'other', examples: [own] }]);
  });

  it('offer the documented core what it knows', () => {
    const types = groupMessages(messages, true).flatMap(({ examples }) => examples.map(({ type }) => type));
    expect(types).toEqual(['streaming_query', 'agent_query', 'tool_call', 'cancel', 'ping']);
  });
});

describe('an example', () => {
  it('is about what is at hand, and begins a run of its own', () => {
    const atHand = { run_id: 'r', conversation_id: 'c', tool_call_id: 't' };
    expect(filled('approval', false, atHand)).toMatchObject({ run_id: 'r', tool_call_id: 't', approved: false });
    const question = filled('streaming_query', false, atHand);
    expect(question).toMatchObject({ conversation_id: 'c' });
    expect(question).not.toHaveProperty('run_id');
  });

  it('has no field that the documented core does not know', () => {
    expect(Object.keys(filled('streaming_query', true) as object)).toEqual(['type', 'query']);
    expect(filled('cancel', true, { run_id: 'r' })).toEqual({ type: 'cancel' });
  });
});

it.each([
  ['{"type": "ping"}', undefined],
  ['{"type": ', 'invalid'],
  ['[]', 'noObject'],
  ['"ping"', 'noObject'],
  ['{"type": 1}', 'noType'],
])('says what is wrong with %s', (text, problem) => {
  expect(problemOf(text)).toBe(problem);
});

it('goes back and forward in what was sent, and keeps the draft', () => {
  const history = new RawHistory();
  expect(history.step(-1, 'draft')).toBeUndefined();
  for (const text of ['one', 'two', 'two']) history.push(text);
  expect(history.step(-1, 'draft')).toBe('two');
  expect(history.step(-1, 'two')).toBe('one');
  expect(history.step(-1, 'one')).toBeUndefined();
  expect(history.step(1, 'one')).toBe('two');
  expect(history.step(1, 'two')).toBe('draft');
  expect(history.step(1, 'draft')).toBeUndefined();
});
