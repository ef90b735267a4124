import fc from 'fast-check';

/** An arithmetic expression as a tree. */
export type Tree =
  | { readonly op: 'number'; readonly text: string }
  | { readonly op: 'neg'; readonly of: Tree }
  | { readonly op: Binary; readonly left: Tree; readonly right: Tree };

export type Binary = '+' | '-' | '*' | '/' | '%' | '^';

/** How strongly each binds, weakest first. */
const STRENGTH = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2, neg: 3, '^': 4, number: 5 } as const;

/** Trees over these numbers and operators. The exponent of `^` is a number from 0 to 3. */
export function trees(numbers: fc.Arbitrary<string>, operators: readonly Binary[]): fc.Arbitrary<Tree> {
  const number = numbers.map((text): Tree => ({ op: 'number', text }));
  const exponent = fc.integer({ min: 0, max: 3 }).map((n): Tree => ({ op: 'number', text: String(n) }));
  return fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      { weight: 2, arbitrary: number },
      { weight: 1, arbitrary: tie('tree').map((of): Tree => ({ op: 'neg', of })) },
      ...operators.map((op) => ({
        weight: 2,
        arbitrary: fc
          .tuple(tie('tree'), op === '^' ? exponent : tie('tree'))
          .map(([left, right]): Tree => ({ op, left, right })),
      })),
    ),
  })).tree;
}

/** Writes a tree with no more parentheses than it needs, so that precedence is what is tested. */
export function write(tree: Tree, space: string): string {
  if (tree.op === 'number') return tree.text;
  if (tree.op === 'neg') return `-${space}${enclosed(tree.of, STRENGTH.neg, space)}`;
  const strength = STRENGTH[tree.op];
  // `^` goes from right to left and takes a sign on its right; `%` takes none; all others go from left to right.
  const [atLeft, atRight] =
    tree.op === '^' ? [STRENGTH.number, STRENGTH.neg] : [strength, tree.op === '%' ? STRENGTH['^'] : strength + 1];
  return [enclosed(tree.left, atLeft, space), tree.op, enclosed(tree.right, atRight, space)].join(space);
}

function enclosed(tree: Tree, atLeast: number, space: string): string {
  const text = write(tree, space);
  return STRENGTH[tree.op] >= atLeast ? text : `(${text})`;
}
