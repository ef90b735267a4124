import { describe, expect, it, vi } from 'vitest';
import { LineBuffer } from '../../../src/cli/line-buffer.js';
import { writeLines } from '../../../src/cli/output-lines.js';

function outputOf(writableLength = 0) {
  const texts: string[] = [];
  return { texts, writableLength, write: (text: string) => texts.push(text) > 0 };
}

describe('writeLines', () => {
  it('writes many lines with one call, up to what a pipe takes whole', () => {
    const output = outputOf();
    const lines = Array.from({ length: 100 }, (_, index) => `${index} ${'ü'.repeat(200)}\n`);
    writeLines(output, lines);
    expect(output.texts.join('')).toBe(lines.join(''));
    expect(output.texts.length).toBeLessThan(15);
    for (const text of output.texts) {
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4_096);
      expect(text).toMatch(/^\d+ [^]*\n$/);
    }
  });

  it('writes a line that is longer by itself', () => {
    const output = outputOf();
    const long = `${'x'.repeat(10_000)}\n`;
    writeLines(output, ['a\n', long, 'b\n']);
    expect(output.texts).toEqual(['a\n', long, 'b\n']);
  });

  it('drops and counts lines for a pipe that nobody reads', () => {
    const output = outputOf(8 * 1_024 * 1_024 + 1);
    const onFailed = vi.fn();
    const onRecovered = vi.fn();
    const buffer = new LineBuffer((lines) => writeLines(output, lines), { onFailed, onRecovered });
    for (const line of ['a\n', 'b\n']) {
      buffer.write(line);
      buffer.flush();
    }
    expect(onFailed).toHaveBeenCalledExactlyOnceWith(new Error('Nobody reads standard output'));
    output.writableLength = 0;
    buffer.write('c\n');
    buffer.flush();
    expect(onRecovered).toHaveBeenCalledExactlyOnceWith(2);
    expect(output.texts).toEqual(['c\n']);
  });
});
