/** Words of a question that asks for a result. */
const ASKS = /=|\b(?:what(?:'s| is| are)?|how much|calculate|compute|evaluate|solve)\b|等于|多少|计算|算|是几|得几/i;

/** If a question has at most this many characters besides the sum, it asks for the sum even without {@link ASKS}. */
const LITTLE_ELSE = 12;

/** Maximum number of sums in one answer. */
const MAX_EXPRESSIONS = 4;

/** Maps what people write between numbers to the signs of the calculator. */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/[×·]/g, '*'],
  [/÷/g, '/'],
  [/[−–]/g, '-'],
  [/\*\*/g, '^'],
  [/(?<=\d),(?=\d{3}(?!\d))/g, ''],
  [/(?<=\d)\s*%\s*of\s*(?=\d)/gi, ' / 100 * '],
  [/(?<=[\d)])\s*(?:plus|加上|加)\s*(?=[\d(])/gi, ' + '],
  [/(?<=[\d)])\s*(?:minus|减去|减)\s*(?=[\d(])/gi, ' - '],
  [/(?<=[\d)])\s*(?:multiplied by|times|乘以|乘)\s*(?=[\d(])/gi, ' * '],
  [/(?<=[\d)])\s*(?:divided by|除以)\s*(?=[\d(])/gi, ' / '],
  [/(?:square root of|根号)\s*(\d+(?:\.\d+)?)/gi, 'sqrt($1)'],
];

/** A stretch that may be a sum: not inside a word, a version or a time of day. */
const CANDIDATE = /(?<![\w.:])(?:sqrt(?=\s*\()|[\d.+\-*/^%()\s])+(?![\w:])/gi;

/** Finds the sums a question asks for, without calculating them: `'what is 123 + 456?'` gives `['123 + 456']`. */
export function findExpressions(question: string): string[] {
  // Powers come first, since `normalize` turns them into plain digits. It also turns full-width signs into ASCII.
  let text = question.replace(/²/g, '^2').replace(/³/g, '^3').normalize('NFKC');
  for (const [spelling, sign] of SPELLINGS) text = text.replace(spelling, sign);
  const found = [...text.matchAll(CANDIDATE)].map(([stretch]) => trim(stretch)).filter(isSum);
  const other = length(text) - length(found.join(''));
  return ASKS.test(text) || other <= LITTLE_ELSE ? found.slice(0, MAX_EXPRESSIONS) : [];
}

function length(text: string): number {
  return text.replace(/\s/g, '').length;
}

/** Signs that begin no sum, and signs that end none. */
const BEFORE = ' +*/^%.)';
const AFTER = ' +-*/^%.(';

/** Removes what belongs to the sentence: signs at the ends, brackets without a partner. */
function trim(stretch: string): string {
  const text = stretch.replace(/\s+/g, ' ');
  let [start, end] = [0, text.length];
  let opened = text.split('(').length - text.split(')').length;
  // Positions move instead of the text: a stretch of brackets alone would be copied once for each of them.
  while (start < end) {
    const [first, last] = [text.charAt(start), text.charAt(end - 1)];
    if (BEFORE.includes(first) || (first === '(' && opened > 0 && !AFTER.includes(last))) {
      opened -= depthOf(first);
      start++;
    } else if (AFTER.includes(last) || (last === ')' && opened < 0)) {
      opened -= depthOf(last);
      end--;
    } else return text.slice(start, end);
  }
  return '';
}

/** How a character changes the number of open brackets. */
function depthOf(character: string): number {
  return character === '(' ? 1 : character === ')' ? -1 : 0;
}

/** Whether numbers and signs alternate, brackets match, and there is something to calculate. */
function isSum(text: string): boolean {
  if (/^\d{4}-\d{1,2}-\d{1,2}$/.test(text)) return false;
  const signs = text.match(/\d+(?:\.\d+)?|sqrt|[-+*/^%()]/gi) ?? [];
  if (signs.join('').length !== length(text)) return false;
  let depth = 0;
  let operations = 0;
  let afterValue = false;
  for (const sign of signs) {
    if (afterValue) {
      if (sign === ')') depth--;
      else if (/^[-+*/^%]$/.test(sign)) {
        operations++;
        afterValue = false;
      } else return false;
      if (depth < 0) return false;
    } else if (sign === '(') depth++;
    else if (/^sqrt$/i.test(sign)) operations++;
    else if (/^\d/.test(sign)) afterValue = true;
    else if (sign !== '-') return false;
  }
  return afterValue && depth === 0 && operations > 0;
}
