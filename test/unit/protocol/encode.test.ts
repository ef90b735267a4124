import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMessage, encodeText, withRequestId, withTimestamp } from '../../../src/protocol/encode.js';
import type { ServerMessage } from '../../../src/protocol/index.js';
import { cases } from '../../helpers/schedules.js';

const RUN = '6f1e8f5e-3f0c-4c52-9f7e-2a4f3a1b2c3d';
const type = fc.constantFrom('stream_chunk' as const, 'stream_reasoning' as const);
/** Any UTF-16, lone surrogates included. */
const anyText = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7f0, max: 0xe010 })), { maxLength: 40 })
  .map((units) => String.fromCharCode(...units));
const timestamp = fc.integer({ min: 0, max: 4e12 }).map((ms) => ms / 1000);
const seq = fc.integer({ min: 1, max: 1e9 });

describe('encodeText', () => {
  it('is encodeMessage byte for byte', () => {
    fc.assert(
      fc.property(
        type,
        anyText,
        timestamp,
        fc.option(seq, { nil: undefined }),
        seq,
        (kind, content, time, first, at) => {
          const message = {
            type: kind,
            content,
            timestamp: time,
            first_seq: first,
            run_id: RUN,
            seq: at,
          } as ServerMessage;
          const encoded = encodeText(kind, content, time, first, RUN, at);
          expect(Buffer.from(encoded)).toEqual(Buffer.from(encodeMessage(message)));
          expect((JSON.parse(encoded) as { content: string }).content).toBe(content);
        },
      ),
      cases(2_000),
    );
  });

  it('writes lone surrogates as escapes, which UTF-8 can carry', () => {
    const encoded = encodeText('stream_chunk', 'a\ud83d', 1, undefined, RUN, 1);
    expect(encoded).toContain('"a\\ud83d"');
    expect(JSON.parse(Buffer.from(encoded).toString('utf8'))).toMatchObject({ content: 'a\ud83d' });
  });
});

describe('encodeMessage', () => {
  it('puts documented keys first whatever the order it is given, and leaves absent ones out', () => {
    const message = { seq: 4, run_id: RUN, usage: undefined, content: 'x', vendor: 'v', timestamp: 1.5 };
    expect(encodeMessage({ ...message, type: 'agent_response' })).toBe(
      `{"type":"agent_response","content":"x","vendor":"v","timestamp":1.5,"run_id":"${RUN}","seq":4}`,
    );
  });

  it('keeps null, which is a result', () => {
    const encoded = encodeMessage({
      type: 'tool_result',
      tool_name: 't',
      result: null,
      timestamp: 1,
      run_id: RUN,
      seq: 1,
    });
    expect(encoded).toContain('"result":null');
  });

  it.each(['toString', '__proto__', 'constructor', 'note'])('leaves an own message of type %s as it is', (own) => {
    expect(encodeMessage({ type: own, b: 1, a: 2 })).toBe(`{"type":${JSON.stringify(own)},"b":1,"a":2}`);
  });
});

describe('withRequestId', () => {
  it('appends the id as JSON', () => {
    fc.assert(
      fc.property(anyText, anyText, (content, requestId) => {
        const encoded = encodeText('stream_chunk', content, 1, undefined, RUN, 2);
        const result = withRequestId(encoded, requestId);
        expect(result).toBe(
          encodeMessage({ type: 'stream_chunk', content, timestamp: 1, run_id: RUN, seq: 2, request_id: requestId }),
        );
      }),
      cases(500),
    );
  });
});

describe('withTimestamp', () => {
  it('changes the time and nothing else, key order included', () => {
    fc.assert(
      fc.property(fc.jsonValue(), timestamp, timestamp, (result, before, after) => {
        const message = { type: 'tool_result', tool_name: 't', result, run_id: RUN, seq: 1 } as const;
        const encoded = encodeMessage({ ...message, timestamp: before });
        expect(withTimestamp(encoded, after)).toBe(encodeMessage({ ...message, timestamp: after }));
      }),
      cases(1_000),
    );
  });
});
