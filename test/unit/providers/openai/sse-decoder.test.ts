import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SseDecoder, type SseSink } from '../../../../src/providers/openai/sse-decoder.js';
import { cut } from './cut.js';
import { ANY_GRAPHEME } from '../../../helpers/characters.js';

interface Event {
  readonly data: string;
  readonly name: string;
}

function decode(pieces: readonly Buffer[]): Event[] {
  const events: Event[] = [];
  const sink: SseSink = {
    done: false,
    isWhole: (text) => text.startsWith('{') && text.endsWith('}'),
    recognise: () => -1,
    event: (data, name) => events.push({ data, name }),
  };
  const decoder = new SseDecoder(sink);
  for (const piece of pieces) decoder.push(piece);
  decoder.end();
  return events;
}

const data = (text: string): string[] => decode([Buffer.from(text)]).map((event) => event.data);

describe('SseDecoder', () => {
  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('takes %s as the end of a line', (_, end) => {
    expect(data(`data: one${end}${end}data: two${end}${end}`)).toEqual(['one', 'two']);
  });

  it('takes the field with one space after the colon, with none and with two', () => {
    expect(data('data: a\n\ndata:b\n\ndata:  c\n\n')).toEqual(['a', 'b', ' c']);
  });

  it('joins several data lines with a line feed', () => {
    expect(data('data: {"a":\ndata: 1}\n\n')).toEqual(['{"a":\n1}']);
  });

  it('takes a line for an event where the one before is whole and no blank line parts them', () => {
    expect(data('data: {"a":1}\ndata: {"a":2}\ndata: [DONE]\n\n')).toEqual(['{"a":1}', '{"a":2}', '[DONE]']);
    expect(data('data: {"a":\ndata: {}\ndata: }\n\n')).toEqual(['{"a":\n{}\n}']);
  });

  it('takes a field called error for an event of that name, and not the event before it', () => {
    expect(decode([Buffer.from('data: {"a":1}\nerror: {"b":2}\n\ndata: c\n\n')])).toEqual([
      { data: '{"a":1}', name: '' },
      { data: '{"b":2}', name: 'error' },
      { data: 'c', name: '' },
    ]);
  });

  it('gives up on an event of endlessly many short lines long before they fill the memory', () => {
    const lines = Buffer.from('data: x\n'.repeat(65_536));
    expect(() => decode(Array.from({ length: 16 }, () => lines))).toThrow('something that cannot be read');
  });

  it('leaves out comments, other fields and empty events', () => {
    expect(data(': keep-alive\n\nid: 7\nretry: 10\ndata: x\n\n\n\nevent: nothing\n\ndatax: y\n\n')).toEqual(['x']);
  });

  it('takes a field without a colon as empty', () => {
    expect(data('data\n\n')).toEqual(['']);
  });

  it('tells the name of an event, for this event only', () => {
    expect(decode([Buffer.from('event: error\ndata: a\n\ndata: b\n\n')])).toEqual([
      { data: 'a', name: 'error' },
      { data: 'b', name: '' },
    ]);
  });

  it('leaves out a byte order mark at the start', () => {
    expect(data('\ufeffdata: x\n\n')).toEqual(['x']);
  });

  it('delivers an event the end of the stream cut off', () => {
    expect(data('data: a\n\ndata: b')).toEqual(['a', 'b']);
    expect(data('data: a\n\ndata: b\n')).toEqual(['a', 'b']);
  });

  it('reads a line of 10 MB that comes in pieces', () => {
    const long = '长'.repeat(3_500_000);
    const bytes = Buffer.from(`data: ${long}\n\n`);
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 65_536) pieces.push(bytes.subarray(at, at + 65_536));
    expect(decode(pieces)[0]?.data === long).toBe(true);
  });

  it('gives up on an event without an end', () => {
    const megabyte = Buffer.alloc(1024 * 1024, 'x');
    expect(() => decode([Buffer.from('data: '), ...Array.from({ length: 33 }, () => megabyte)])).toThrow(
      'something that cannot be read',
    );
  });

  it('finds the same events wherever the bytes are cut', () => {
    const line = fc.string({ unit: ANY_GRAPHEME }).map((text) => text.replace(/[\r\n]/g, ''));
    const stream = fc.record({
      events: fc.array(fc.array(line, { minLength: 1, maxLength: 3 }), { maxLength: 5 }),
      end: fc.constantFrom('\n', '\r\n', '\r'),
      comment: fc.boolean(),
    });
    fc.assert(
      fc.property(stream, fc.infiniteStream(fc.integer({ min: 1, max: 12 })), ({ events, end, comment }, sizes) => {
        const text = events
          .map((lines) => (comment ? `: c${end}` : '') + lines.map((l) => `data: ${l}${end}`).join('') + end)
          .join('');
        const found = decode(cut(Buffer.from(text), sizes)).map((event) => event.data);
        expect(found).toEqual(events.map((lines) => lines.join('\n')));
      }),
    );
  });
});
