import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { ACTIONS, type ActionInfo } from '../../src/permission/actions.js';
import { ROOT } from '../helpers/build.js';
import { docsOf } from './option-docs.js';
import { markdown } from './markdown.js';

const PAGE = join(ROOT, 'docs/permissions.md');
const rows = Object.entries<ActionInfo>(ACTIONS);

const code = (text: string): string => `\`${text}\``;

describe('docs/permissions.md', () => {
  // `vitest run test/docs/permissions.test.ts -u` writes the table anew.
  it('has the table of the code', async () => {
    const table = markdown(
      ['action', 'resource', 'scope', 'allowed by default to', 'asked for', ''],
      rows.map(([action, { resource, scope, default: allowed, asked, text }]) => [
        code(action),
        resource.map(code).join(', '),
        scope === undefined ? '' : code(scope),
        allowed,
        asked,
        text,
      ]),
    );
    const filled = readFileSync(PAGE, 'utf8').replace(
      /<!-- table: actions -->\n[^]*?<!-- end -->/,
      `<!-- table: actions -->\n\n${table}\n\n<!-- end -->`,
    );
    expect(filled).toContain(table);
    await expect(filled).toMatchFileSnapshot(PAGE);
  });
});

describe('ActionResources', () => {
  const docs = docsOf('permission/actions.ts ActionResources');
  const fields = fieldsOf();

  it.each(rows)('says of %s what the table says', (action, { text, resource }) => {
    expect(docs.get(action)?.text).toBe(text);
    expect(fields.get(action)).toEqual(resource);
  });
});

/** The fields of each resource, as the types have them. */
function fieldsOf(): Map<string, string[]> {
  const file = join(ROOT, 'src/permission/actions.ts');
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const found = source.statements.find(
    (node) => ts.isInterfaceDeclaration(node) && node.name.text === 'ActionResources',
  );
  if (found === undefined || !ts.isInterfaceDeclaration(found)) throw new Error('No ActionResources');
  return new Map(
    found.members
      .filter(ts.isPropertySignature)
      .map(({ name, type }) => [
        name.getText(),
        type !== undefined && ts.isTypeLiteralNode(type)
          ? type.members.map((member) => member.name?.getText() ?? '')
          : [],
      ]),
  );
}
