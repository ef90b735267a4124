import { describe, expect, it } from 'vitest';
import { startExample } from './example.js';

/** What the example printed, line by line, after its address. */
async function linesOf(story: Promise<string>): Promise<string[]> {
  return (await story).trimEnd().split('\n').slice(1);
}

describe('resume.mjs', () => {
  it('tells a whole answer over a connection that is cut twice, and again after a reload', async () => {
    const { story } = await startExample('resume.mjs');
    const lines = await linesOf(story);
    expect(lines.filter((line) => line === '[lost]')).toHaveLength(2);
    expect(lines.filter((line) => line === '[back]')).toHaveLength(2);
    const told = lines.slice(0, -2).join('\n').replaceAll('\n[lost]\n[back]\n', '');
    expect(lines.slice(-2)).toEqual([`[whole: ${told.length} characters]`, '[after a reload: the same text]']);
    expect(told).toMatch(/^Open a WebSocket to `\/ws\/agent` and exchange JSON text frames\..*\.$/s);
  });
});

describe('conversation.mjs', () => {
  it('knows what was said, waits its turn, shows a second tab everything, and edits', async () => {
    const { story } = await startExample('conversation.mjs');
    const lines = await linesOf(story);
    const isTab = (line: string): boolean => line.startsWith('[other tab] ');
    expect(lines.filter((line) => !isTab(line))).toEqual([
      expect.stringContaining('**42**'),
      expect.stringContaining('What is 6 * 7?'),
      '[queued]',
      expect.stringContaining('**579**'),
      expect.stringContaining('What is 123 + 456?'),
      '[12 messages]',
      expect.stringContaining('**5**'),
      '  user: What is 2 + 3?',
      '  tool: 5',
      expect.stringMatching(/^ {2}assistant: .*\*\*5\*\*/),
    ]);
    expect(lines.filter(isTab)).toEqual([
      expect.stringMatching(/What is 6 \* 7\? -> .*42/),
      expect.stringMatching(/What did I ask before\? -> .*6 \* 7/),
      expect.stringMatching(/What is 123 \+ 456\? -> .*579/),
      expect.stringMatching(/What did I ask before\? -> .*123 \+ 456/),
      expect.stringMatching(/What is 2 \+ 3\? -> .*5/),
    ]);
  });
});

describe('approvals.mjs', () => {
  it.each([
    ['y', '{"refunded":500,"order_id":"A-1002"'],
    ['n', 'The call was refused: Nobody knows this order'],
  ])('asks before a large refund; the answer is %s', async (answer, outcome) => {
    const example = await startExample('approvals.mjs');
    await example.printed('Run refund with {"order_id":"A-1002","amount":500}\\? \\[y/N\\] ');
    example.type(`${answer}\n`);
    const story = await example.story;
    expect(story).toContain('The tool says {"refunded":5,"order_id":"A-1001"');
    expect(story).toContain(outcome);
    // The small one needed nobody.
    expect(story.match(/Run refund/g)).toHaveLength(1);
  });
});
