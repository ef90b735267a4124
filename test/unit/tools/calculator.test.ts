import { describe, expect, it } from 'vitest';
import { calculator } from '../../../src/tools/calculator.js';
import { errorOf, executeTool } from './execute-tool.js';

const calculate = (expression: unknown) => executeTool(calculator, { expression });

describe('calculator', () => {
  it.each<[string, number]>([
    ['123 + 456', 579],
    ['42', 42],
    ['.5 + 5.', 5.5],
    ['1e3 + 2.5E-1', 1000.25],
    ['2 + 3 * 4', 14],
    ['(2 + 3) * 4', 20],
    ['10 - 4 - 3', 3],
    ['100 / 10 / 5', 2],
    ['7 % 3', 1],
    ['-7 % 3', -1],
    ['7 % (-3)', 1],
    ['2 ^ 10', 1024],
    ['2 ** 10', 1024],
    ['2 ^ 3 ^ 2', 512],
    ['-2 ^ 2', -4],
    ['(-2) ^ 2', 4],
    ['2 ^ -1', 0.5],
    ['5 - -3', 8],
    ['--5', 5],
    ['+5', 5],
    ['5!', 120],
    ['(3!)!', 720],
    ['2 ^ 3!', 64],
    ['-3!', -6],
    ['0!', 1],
    ['0 ^ 0', 1],
    ['1 + 2 =', 3],
    ['\n1\t+ 1 ', 2],
  ])('reads %j as %d', async (expression, result) => {
    expect(await calculate(expression)).toBe(result);
  });

  it.each<[string, number]>([
    ['sqrt(16)', 4],
    ['SQRT(2) ^ 2', 2],
    ['cbrt(27)', 3],
    ['abs(-3)', 3],
    ['sign(-3)', -1],
    ['floor(-1.5)', -2],
    ['ceil(1.2)', 2],
    ['trunc(-1.5)', -1],
    ['round(2.5)', 3],
    ['round(-2.5)', -3],
    ['round(1.005, 2)', 1.01],
    ['round(123456, -3)', 123000],
    ['round(1e300, 15)', 1e300],
    ['round(1e-7, 7)', 1e-7],
    ['exp(0)', 1],
    ['expm1(0)', 0],
    ['ln(e)', 1],
    ['log(e ^ 2)', 2],
    ['log(8, 2)', 3],
    ['log1p(0)', 0],
    ['log2(1024)', 10],
    ['log10(1000)', 3],
    ['lg(0.01)', -2],
    ['sin(pi)', 0],
    ['sin(pi / 6)', 0.5],
    ['sin(1e-20)', 1e-20],
    ['sin(1e17)', Math.sin(1e17)],
    ['cos(PI / 2)', 0],
    ['cos(tau)', 1],
    ['tan(pi / 4)', 1],
    ['tan(100 * pi)', 0],
    ['asin(1) * 2 - pi', 0],
    ['acos(1)', 0],
    ['atan(0)', 0],
    ['atan2(0, 1)', 0],
    ['atan2(0, -0)', 0],
    ['sinh(0)', 0],
    ['cosh(0)', 1],
    ['tanh(0)', 0],
    ['asinh(0)', 0],
    ['acosh(1)', 0],
    ['atanh(0)', 0],
    ['fac(5) + factorial(3)', 126],
    ['pow(2, 8)', 256],
    ['hypot(3, 4)', 5],
    ['min(3, 1, 2)', 1],
    ['max(3, (1 + 9), 2)', 10],
    ['max(sqrt(4), min(9, 3))', 3],
    ['pi', Math.PI],
    ['e', Math.E],
  ])('knows the function or constant in %j', async (expression, result) => {
    expect(await calculate(expression)).toBe(result);
  });

  it.each<[string, number]>([
    ['6 × 7', 42],
    ['6 · 7', 42],
    ['8 ÷ 2', 4],
    ['8 − 2', 6],
    ['8 – 2', 6],
    ['2 * π', 2 * Math.PI],
    ['√(16)', 4],
    ['（１＋２）＊３', 9],
    ['ｍａｘ（１，２．５）', 2.5],
    ['５！　＋　７％４', 123],
    ['２＾３＝', 8],
    ['1\u00a0+\u20092', 3],
  ])('reads %j as people type it', async (expression, result) => {
    expect(await calculate(expression)).toBe(result);
  });

  it.each<[string, number]>([
    ['0.1 + 0.2', 0.3],
    ['0.1 + 0.2 - 0.3', 0],
    ['5.4 - 5.3', 0.1],
    ['5170.32 - 4952.60', 217.72],
    ['1.0001 - 1', 0.0001],
    ['sign(1.00000000000001 - 1)', 1],
    ['1e-300 + 2e-301', 1.2e-300],
    ['1.1 * 1.1', 1.21],
    ['0.3 % 0.1', 0],
    ['0.7 % 0.2', 0.1],
    ['1000000000000001 % 4', 1],
    ['sqrt(2) * sqrt(3) - sqrt(6)', 0],
    ['5.5 % 2', 1.5],
    ['1e300 % 7', 1e300 % 7],
    ['4.35 * 100', 435],
    ['floor(4.35 * 100)', 435],
    ['1 / 3 * 3', 1],
    ['1 / 3', 1 / 3],
    ['2 / 3', 2 / 3],
    ['9007199254740991 - 1', 9007199254740990],
    ['9007199254740991 - 9007199254740990', 1],
    ['2 ^ 60', 2 ** 60],
    ['1e-300 * 3', 3e-300],
    ['100000000000000.5 + 0', 100000000000000.5],
  ])('gives %j without the noise of binary fractions', async (expression, result) => {
    expect(await calculate(expression)).toBe(result);
  });

  it('never gives a negative zero', async () => {
    for (const expression of ['-0', '0 * -1', 'round(-0.2)', 'ceil(-0.5)']) {
      expect(Object.is(await calculate(expression), 0), expression).toBe(true);
    }
  });

  it.each([
    ['1 / 0', /division by zero/i],
    ['1 / (1 / 0)', /division by zero/i],
    ['5 % 0', /division by zero/i],
    ['0 ^ -1', /division by zero/i],
    ['1e308 * 10', /too large/],
    ['9 ^ 9 ^ 9', /too large/],
    ['1e400', /too large/],
    ['171!', /too large/],
    ['exp(1000)', /too large/],
    ['1 / exp(1000)', /too large/],
    ['sqrt(-1)', /no real number/],
    ['(-8) ^ (1 / 3)', /no real number/],
    ['ln(0)', /no real number/],
    ['log(-1)', /no real number/],
    ['log(5, 1)', /no real number/],
    ['log(5, 0)', /no real number/],
    ['tan(pi / 2)', /no real number/],
    ['asin(2)', /no real number/],
    ['atanh(1)', /no real number/],
    ['(-1)!', /whole number that is not negative/],
    ['2.5!', /whole number that is not negative/],
    ['round(1, 0.5)', /places/],
    ['round(1, 16)', /places/],
  ])('says why %j has no result', async (expression, message) => {
    expect(await errorOf(() => calculate(expression))).toMatchObject({
      code: 'tool_failed',
      retryable: false,
      message: expect.stringMatching(message) as unknown,
    });
  });

  it.each([
    ['   ', /empty/],
    ['=', /empty/],
    ['1 +', /missing after "\+"/],
    ['* 2', /"\*" has no number on its left/],
    ['2 * / 3', /"\/" has no number on its left/],
    ['! 5', /"!" has no number on its left/],
    ['()', /missing after "\("/],
    ['(1 + 2', /not closed/],
    ['1 + 2)', /no "\(" that it closes/],
    ['2 (3)', /operator is missing between "2" and "\("/],
    ['(2)(3)', /operator is missing between "\)" and "\("/],
    ['2 π', /operator is missing between "2" and "pi"/],
    ['3 x 4', /between "3" and "x".*written "\*"/],
    ['1 2', /between "1" and "2"/],
    ['1.2.3', /between "1.2" and ".3"/],
    ['0x10', /between "0" and "x10"/],
    ['5! 2', /between "!" and "2"/],
    ['pi(2)', /between "pi" and "\("/],
    ['5!!', /two readings/],
    ['50%', /not a percentage/],
    ['(50%)', /not a percentage/],
    ['50% * 200', /not a percentage/],
    ['10% + 5', /not a percentage/],
    ['10 % -3', /not a percentage/],
    ['1,234', /1234 rather than 1,234/],
    ['(1,234) * 2', /1234 rather than 1,234/],
    ['max((1,2))', /comma/],
    [',', /comma/],
    ['max(1,)', /missing after ","/],
    ['max(,1)', /missing after "\("/],
    ['sin', /needs parentheses: sin\(…\)/],
    ['sin 2', /needs parentheses/],
    ['max(sin, 2)', /needs parentheses/],
    ['sin()', /takes 1 number, not 0/],
    ['sin(1, 2)', /takes 1 number, not 2/],
    ['pow(1)', /takes 2 numbers, not 1/],
    ['round(1, 2, 3)', /takes 1 or 2 numbers, not 3/],
    ['max()', /takes at least 1 number, not 0/],
    ['foo(1)', /no function or constant "foo"/],
    ['a'.repeat(900), /"a{20}…"/],
    ['1 + $', /character "\$"/],
    ['１；２', /character ";"/],
    ['1 \u0000', /character U\+0000/],
    ['1 + \ud800', /character U\+D800/],
    ['1 \u202e+ 2', /character U\+202E/],
    ['😀', /character "😀"/],
    [`${'('.repeat(65)}1${')'.repeat(65)}`, /nested deeper than 64/],
  ])('says what is wrong with %j', async (expression, message) => {
    const error = await errorOf(() => calculate(expression));
    expect(error).toMatchObject({ code: 'invalid_params', message: expect.stringMatching(message) as unknown });
    expect(error).toHaveProperty('issues.0.path', 'expression');
  });

  it('goes to the limits of nesting and length, and no further', async () => {
    expect(await calculate(`${'('.repeat(64)}1${')'.repeat(64)}`)).toBe(1);
    expect(await calculate('-'.repeat(999) + '1')).toBe(-1);
    expect(await calculate('1' + '^1'.repeat(499))).toBe(1);
    expect(await calculate(`max(${'1,'.repeat(497)}2)`)).toBe(2);
    expect(await errorOf(() => calculate('1'.repeat(1001)))).toMatchObject({ code: 'invalid_params' });
    // Without the schema in front too.
    expect(await errorOf(() => calculator.execute({ expression: '+'.repeat(1e6) }, {} as never))).toMatchObject({
      message: expect.stringMatching(/longer than 1000/) as unknown,
    });
  });

  it.each([undefined, null, 5, '', {}, ['1 + 1']])('refuses %j as an expression', async (expression) => {
    expect(await errorOf(() => calculate(expression))).toMatchObject({ code: 'invalid_params' });
  });

  it('describes itself to a model', () => {
    expect(calculator.name).toBe('calculator');
    expect(calculator.description).toMatch(/sqrt, .*radians/s);
    expect(calculator.parameters).toMatchObject({
      type: 'object',
      properties: { expression: { type: 'string', minLength: 1, maxLength: 1000 } },
      required: ['expression'],
    });
  });
});
