import { describe, expect, it } from 'vitest';
import type { LlmMessage } from '../../../../src/agent/llm-provider.js';
import { withoutQuotations } from '../../../../src/providers/openai/quotations.js';

const QUESTION = 'My passport number is X4711-99, is it "still" valid?\nAsking for a friend.';

const asked = (content: string): LlmMessage[] => [{ role: 'user', content }];

describe('an error of an upstream', () => {
  it.each([
    ['as it is', QUESTION],
    ['as JSON', JSON.stringify({ messages: [{ role: 'user', content: QUESTION }] })],
    ['as Python', `{'content': 'My passport number is X4711-99, is it "still" valid?\\nAsking for a friend.'}`],
    ['cut off', `${QUESTION.slice(0, 30)}…`],
    ['in capitals and wrapped', QUESTION.toUpperCase().replaceAll(' ', '\n  ')],
  ])('quotes no question %s', (_, quoted) => {
    const clean = withoutQuotations(`Unsupported value in ${quoted} at position 7`, asked(QUESTION));
    expect(clean).toMatch(/^Unsupported value in /);
    expect(clean).toMatch(/ at position 7$/);
    expect(clean.toLowerCase()).not.toContain('4711');
    expect(clean.toLowerCase()).not.toContain('passport');
  });

  it.each(['我的身份证号码是多少？', '\\u6211\\u7684\\u8eab\\u4efd\\u8bc1\\u53f7\\u7801'])('quotes no %s', (quoted) => {
    const clean = withoutQuotations(`无法处理：${quoted}`, asked('你好！我的身份证号码是多少？请告诉我'));
    expect(clean).not.toMatch(/身份|号码/);
    expect(clean).toContain('无法处理');
  });

  it('quotes no question that is a word, and leaves that word inside others', () => {
    expect(withoutQuotations('No "pear" among the pearls', asked('Pear?'))).toBe('No "[…]" among the pearls');
  });

  it('quotes nothing that tools and models said, and no arguments', () => {
    const messages: LlmMessage[] = [
      {
        role: 'assistant',
        content: 'Let me look up the balance',
        reasoning: 'They want their balance of May',
        toolCalls: [{ id: 'c', name: 'balance', arguments: '{"account":"DE89 3704 0044"}' }],
      },
      { role: 'tool', toolCallId: 'c', toolName: 'balance', content: '{"euros":12345678.9012}' },
    ];
    const text = 'bad: look up the balance / want their balance of May / DE89 3704 0044 / 12345678.9012';
    expect(withoutQuotations(text, messages)).not.toMatch(/look up|of May|3704|345678/);
  });

  it('is whole where it quotes nothing', () => {
    const text = "This model's maximum context length is 8192 tokens; 你好";
    expect(withoutQuotations(text, [{ role: 'system', content: text }, ...asked(QUESTION)])).toBe(text);
    expect(withoutQuotations(text, [])).toBe(text);
    expect(withoutQuotations('…', asked(QUESTION))).toBe('…');
  });

  it('costs little in a long conversation', () => {
    const long = Array.from({ length: 64 }, (_, n) => asked(`${n} `.repeat(20_000))[0] as LlmMessage);
    const start = performance.now();
    withoutQuotations('word '.repeat(400), long);
    // A bound for a busy machine: what matters is that it is not a minute.
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});
