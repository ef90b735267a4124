import fc from 'fast-check';

/** Number of the code units that stand for half a character, from 0xd800 on. */
const HALVES = 0x800;

/**
 * A character of Unicode, control characters included; half of them ASCII. As the `unit` of a string: fast-check's `binary`
 * lists all characters first, which takes each worker more than a second.
 */
export const ANY_CHARACTER = fc
  .oneof(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0x80, max: 0x10_ffff - HALVES }))
  .map((code) => String.fromCodePoint(code < 0xd800 ? code : code + HALVES));

/** What people see as one character: one of Unicode, or some joined. As the `unit` of a string. */
export const ANY_GRAPHEME = fc.oneof(
  ANY_CHARACTER,
  fc.constantFrom('e\u0301', '👩‍👩‍👧‍👦', '🇨🇳', '👋🏽', '각', 'नि', 'ก็', '1\ufe0f\u20e3', '\r\n'),
);
