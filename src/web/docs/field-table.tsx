import type { ComponentChildren } from 'preact';
import { ERROR_CODES } from '../../protocol/error-codes.js';
import type { DocsTexts } from '../locale/docs-texts.js';
import { useI18n } from '../ui/i18n.js';
import { Prose } from './prose.js';
import type { Schema } from '../schema.js';
import { fieldsOf } from './reference.js';
import { fill } from '../ui/fill.js';
import { docsTexts, meaning } from './texts.js';

const ERROR_CODE_COUNT = Object.keys(ERROR_CODES).length;

/** A table that scrolls in a box of its own. */
export function Table({ head, children }: { readonly head: readonly string[]; readonly children: ComponentChildren }) {
  return (
    <div class="scroll" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {head.map((cell) => (
              <th scope="col">{cell}</th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** The fields of a message or of the params of a tool. `id`: what the ids of the rows begin with. */
export function FieldTable({ id, schema }: { readonly id: string; readonly schema: Schema }) {
  const { language } = useI18n();
  const texts = docsTexts(language);
  const fields = fieldsOf(schema);
  if (fields.length === 0) return null;
  const { field, type, required, meaning: means } = texts.columns;
  return (
    <Table head={[field, type, required, means]}>
      {fields.map(({ path, schema: each, isRequired }) => (
        <tr id={`${id}.${path}`}>
          <td>
            <code>{path}</code>
          </td>
          <td>{typeOf(each, texts)}</td>
          <td>{isRequired ? texts.yes : texts.no}</td>
          <td>
            <Prose text={meaning(each.description ?? '', language)} />
            {rulesOf(each, texts).map((rule) => (
              <span class="rule">{rule}</span>
            ))}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function typeOf(schema: Schema, texts: DocsTexts): ComponentChildren {
  if (schema.const !== undefined) return <code>{JSON.stringify(schema.const)}</code>;
  if (schema.enum?.length === ERROR_CODE_COUNT) return <a href="#errors">{texts.errorCode}</a>;
  if (schema.enum !== undefined) return schema.enum.map((value) => [<code>{JSON.stringify(value)}</code>, ' ']);
  if (schema.type === 'array') {
    return (
      <>
        {texts.arrayOf} {typeOf(schema.items ?? {}, texts)}
      </>
    );
  }
  return schema.format ?? schema.type ?? texts.anyJson;
}

/** Bounds and defaults, one each. */
function rulesOf(schema: Schema, { rules }: DocsTexts): string[] {
  const range = (low: number | undefined, high: number | undefined): string | undefined => {
    if (high === undefined) return low === undefined ? undefined : fill(rules.atLeast, { low });
    return low === undefined ? fill(rules.atMost, { high }) : fill(rules.range, { low, high });
  };
  const characters = range(schema.minLength, schema.maxLength);
  const elements = range(undefined, schema.maxItems);
  return [
    characters === undefined ? undefined : fill(rules.characters, { range: characters }),
    range(schema.minimum, schema.maximum),
    elements === undefined ? undefined : fill(rules.elements, { range: elements }),
    // A format says more than its pattern.
    schema.pattern !== undefined && schema.format === undefined
      ? fill(rules.matches, { pattern: schema.pattern })
      : undefined,
    schema.default === undefined ? undefined : fill(rules.default, { value: JSON.stringify(schema.default) }),
  ].filter((rule) => rule !== undefined);
}
