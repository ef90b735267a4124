import { describe, expect, it } from 'vitest';
import { sendable, type CloseFrame } from '../../../src/connection/close-frame.js';

describe('sendable', () => {
  it.each([1000, 1001, 1002, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 4000, 4999])('leaves the code %i', (code) => {
    expect(sendable({ code, reason: 'bye' })).toEqual({ code, reason: 'bye' });
  });

  it.each([0, -1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_536, 1000.5, NaN, Infinity])(
    'sends 1011 in place of %d, which nobody may send',
    (code) => {
      expect(sendable({ code, reason: '' }).code).toBe(1011);
    },
  );

  it.each([
    ['x'.repeat(123), 'x'.repeat(123)],
    ['x'.repeat(124), 'x'.repeat(123)],
    // 41 characters of three bytes fill it.
    ['请'.repeat(60), '请'.repeat(41)],
    ['x' + '请'.repeat(60), 'x' + '请'.repeat(40)],
    ['xx' + '🙂'.repeat(60), 'xx' + '🙂'.repeat(30)],
  ])('cuts a reason at a character: %s', (reason, sent) => {
    expect(sendable({ code: 1000, reason }).reason).toBe(sent);
  });

  it('takes a reason that is none for an empty one', () => {
    expect(sendable({ code: 4000 } as CloseFrame)).toEqual({ code: 4000, reason: '' });
  });
});
