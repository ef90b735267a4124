import { describe, expect, it } from 'vitest';
import { ToolCallAssembler, type ToolCallDelta } from '../../../../src/providers/openai/tool-call-assembler.js';

function assemble(deltas: readonly ToolCallDelta[]) {
  const assembler = new ToolCallAssembler();
  for (const delta of deltas) assembler.add([delta]);
  return assembler.finish();
}

const short = (deltas: readonly ToolCallDelta[]): string[] =>
  assemble(deltas).map((call) => `${call.id} ${call.name} ${call.arguments}`);

describe('ToolCallAssembler', () => {
  it('joins pieces of parallel calls by their index, in the order the calls began', () => {
    expect(
      short([
        { index: 1, id: 'b', function: { name: 'g', arguments: '' } },
        { index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } },
        { index: 1, function: { arguments: '{"y"' } },
        { index: 0, function: { arguments: ':1}' } },
        { index: 1, function: { arguments: ':2}' } },
      ]),
    ).toEqual(['b g {"y":2}', 'a f {"x":1}']);
  });

  it('tells pieces of several calls in one chunk by their places if they say nothing else', () => {
    const assembler = new ToolCallAssembler();
    assembler.add([{ function: { name: 'f', arguments: '' } }, { function: { name: 'g', arguments: '{"y"' } }]);
    assembler.add([{ function: { arguments: '{"x":' } }, { function: { arguments: ':2' } }]);
    assembler.add([{ function: { arguments: '1}' } }, { function: { arguments: '}' } }]);
    expect(assembler.finish().map((call) => `${call.name} ${call.arguments}`)).toEqual(['f {"x":1}', 'g {"y":2}']);
  });

  it('takes an id and a name that are repeated in every piece', () => {
    const piece = (text: string): ToolCallDelta => ({ index: 0, id: 'a', function: { name: 'f', arguments: text } });
    expect(short([piece('{'), piece('}')])).toEqual(['a f {}']);
  });

  it('tells calls apart by id where all have index 0', () => {
    const whole = (id: string): ToolCallDelta => ({ index: 0, id, function: { name: 'f', arguments: `["${id}"]` } });
    expect(short([whole('a'), whole('b')])).toEqual(['a f ["a"]', 'b f ["b"]']);
  });

  it('tells whole calls apart where all have index 0 and no id', () => {
    const whole = (n: number): ToolCallDelta => ({ index: 0, function: { name: 'f', arguments: `{"x":${n}}` } });
    expect(assemble([whole(1), whole(2)]).map((call) => call.arguments)).toEqual(['{"x":1}', '{"x":2}']);
  });

  it('keeps a call together whose pieces have an id each', () => {
    expect(
      short([
        { index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } },
        { index: 0, id: 'b', function: { arguments: ':1}' } },
        { index: 1, id: 'c', function: { name: 'f', arguments: '{}' } },
      ]),
    ).toEqual(['a f {"x":1}', 'c f {}']);
  });

  it('keeps what the server wants back with a call, and no other field', () => {
    const extra_content = { google: { thought_signature: 'c2ln' } };
    const piece = { index: 0, id: 'a', extra_content, caller: 'x', function: { name: 'f', arguments: '{}' } };
    expect(assemble([piece])[0]?.providerData).toEqual({ extra_content });
    expect(assemble([{ index: 0, id: 'a', function: { name: 'f' } }])[0]).not.toHaveProperty('providerData');
  });

  it('goes on with the last call where the index is missing', () => {
    expect(
      short([
        { id: 'a', function: { name: 'f', arguments: '{' } },
        { function: { arguments: '}' } },
        { id: 'b', function: { name: 'g', arguments: '[]' } },
      ]),
    ).toEqual(['a f {}', 'b g []']);
  });

  it('makes up different ids where none, or the same ones, are told', () => {
    const calls = assemble([
      { function: { name: 'f', arguments: '1' } },
      { function: { name: 'f', arguments: '2' } },
      { index: 5, id: 'same', function: { name: 'g', arguments: '3' } },
      { index: 6, id: 'same', function: { name: 'g', arguments: '4' } },
    ]);
    expect(calls.map((call) => call.arguments)).toEqual(['1', '2', '3', '4']);
    expect(new Set(calls.map((call) => call.id)).size).toBe(4);
    // The one form that every server takes back.
    expect(calls[0]?.id).toMatch(/^[0-9a-f]{9}$/);
    expect(calls[2]?.id).toBe('same');
  });

  it('leaves broken arguments as the model wrote them, and takes none for no params', () => {
    expect(
      short([
        { index: 0, id: 'a', function: { name: 'f', arguments: '{"x": oops' } },
        { index: 1, id: 'b', function: { name: 'g' } },
      ]),
    ).toEqual(['a f {"x": oops', 'b g {}']);
  });

  it('takes arguments a server sends as an object', () => {
    expect(short([{ index: 0, id: 'a', function: { name: 'f', arguments: { x: 1 } } }])).toEqual(['a f {"x":1}']);
  });

  it('joins a name that comes in pieces, and takes one that grows', () => {
    const named = (name: string, text: string): ToolCallDelta => ({ index: 0, function: { name, arguments: text } });
    expect(assemble([named('calc', ''), named('ulator', '{"x"'), named('', ':1}')])[0]?.name).toBe('calculator');
    expect(assemble([named('calc', ''), named('calculator', '{"x"'), named('', ':1}')])[0]?.name).toBe('calculator');
  });

  it.each([
    ['an empty object before the arguments', ['{}', '{"x"', ':1}'], ['{"x":1}']],
    ['an empty object after the arguments', ['{"x":1}', '{ }'], ['{"x":1}']],
    ['the arguments once more at the end', ['{"x"', ':"}{"}', '\n{"x":"}{"}'], ['{"x":"}{"}']],
    ['several calls as one', ['{"x":1}', '{"x":2}', '{"x":1}'], ['{"x":1}', '{"x":2}']],
    ['nothing twice', ['{}', '{}'], ['{}']],
    ['an object that is followed by something else', ['{}', 'oops'], ['{}oops']],
    ['an object that is broken', ['{"x":1}', '{"x"'], ['{"x":1}{"x"']],
  ])('takes %s', (_, texts, expected) => {
    const calls = assemble(texts.map((text) => ({ index: 0, id: 'a', function: { name: 'f', arguments: text } })));
    expect(calls.map((call) => call.arguments)).toEqual(expected);
    expect(calls[0]?.id).toBe('a');
    expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length);
  });

  it('keeps endlessly many objects together', () => {
    const text = Array.from({ length: 1_000 }, (_, x) => `{"x":${x}}`).join('');
    expect(assemble([{ index: 0, id: 'a', function: { name: 'f', arguments: text } }])).toHaveLength(1);
  });

  it('joins pieces of calls that are told apart by an index as text, or by their ids alone', () => {
    const begun = [
      { index: '0', id: 'a', function: { name: 'f', arguments: '' } },
      { index: '1', id: 'b', function: { name: 'g', arguments: '' } },
    ];
    const rest = [
      { index: '0', id: 'a', function: { arguments: '{"x":1}' } },
      { index: '1', id: 'b', function: { arguments: '{"y":2}' } },
    ];
    const whole = ['a f {"x":1}', 'b g {"y":2}'];
    expect(short([...begun, ...rest])).toEqual(whole);
    expect(short([...begun, ...rest].map(({ index: _, ...piece }) => piece))).toEqual(whole);
    expect(short([...begun, ...rest].map(({ id: _, ...piece }) => piece)).map((call) => call.slice(10))).toEqual(
      whole.map((call) => call.slice(2)),
    );
  });

  it('tells calls of different tools apart that have the same id', () => {
    const whole = (name: string): ToolCallDelta => ({ id: 'same', function: { name, arguments: '{}' } });
    expect(assemble([whole('f'), whole('g')]).map(({ name }) => name)).toEqual(['f', 'g']);
  });

  it('takes name and arguments that stand beside the id', () => {
    expect(short([{ id: 'a', name: 'f', arguments: { x: 1 } }])).toEqual(['a f {"x":1}']);
  });

  it('takes a piece without name and arguments for no call', () => {
    expect(assemble([{ index: 0 }, { index: 1, id: 'a', function: { name: '', arguments: '' } }])).toEqual([]);
  });

  it('takes an id that comes after the first piece', () => {
    expect(
      short([
        { index: 0, function: { arguments: '{' } },
        { index: 0, id: 'a', function: { name: 'f', arguments: '}' } },
      ]),
    ).toEqual(['a f {}']);
  });

  it.each([
    ['one call', () => ({ index: 0, function: { arguments: 'x'.repeat(1 << 20) } })],
    ['endless calls', (at: number) => ({ index: at, id: `c${at}`, function: { name: 'f' } })],
  ])('gives up on %s without end', (_, delta) => {
    const assembler = new ToolCallAssembler();
    const endless = (): void => {
      for (let at = 0; at < 100_000; at++) assembler.add([delta(at)]);
    };
    expect(endless).toThrow('without end');
    expect(assembler.finish().length).toBeLessThan(20_000);
  });
});
