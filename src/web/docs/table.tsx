import type { ComponentChildren } from 'preact';
import { ERROR_CODES } from '../../protocol/error-codes.js';
import type { Schema } from '../schema.js';
import { Tag } from '../ui/facts.js';
import { Table, type TableRow } from '../ui/table.js';
import { prose } from './prose.js';
import { fieldsOf } from './reference.js';
import { meaning, type DocsI18n, type DocsKey } from './texts.js';

const ERROR_CODE_COUNT = Object.keys(ERROR_CODES).length;

type Column = DocsKey extends infer Key ? (Key extends `column.${infer Name}` ? Name : never) : never;

/** A table that scrolls in a box of its own. */
export function table({ t }: DocsI18n, columns: readonly Column[], rows: readonly TableRow[]) {
  return (
    <div class="scroll" tabIndex={0}>
      <Table columns={columns.map((column) => t(`column.${column}`))} rows={rows} />
    </div>
  );
}

/** The fields of a message or of the params of a tool. `id`: what the ids of the rows begin with. */
export function fieldTable(i18n: DocsI18n, id: string, schema: Schema) {
  const { language, t } = i18n;
  const rows = fieldsOf(schema).map(({ path, schema: field, isRequired }) => {
    const rules = rulesOf(field, i18n).map((rule) => <Tag tone="plain">{rule}</Tag>);
    const about = [prose(meaning(field.description, language)), rules];
    return {
      id: `${id}.${path}`,
      cells: [<code>{path}</code>, typeOf(field, i18n), t(isRequired ? 'yes' : 'no'), about],
    };
  });
  return rows.length > 0 && table(i18n, ['field', 'type', 'required', 'meaning'], rows);
}

function typeOf(schema: Schema, i18n: DocsI18n): ComponentChildren {
  const { t } = i18n;
  if (schema.const !== undefined) return <code>{JSON.stringify(schema.const)}</code>;
  if (schema.enum?.length === ERROR_CODE_COUNT) return <a href="#errors">{t('type.errorCode')}</a>;
  if (schema.enum !== undefined) return schema.enum.map((value) => [<code>{JSON.stringify(value)}</code>, ' ']);
  if (schema.type === 'array') return [t('type.arrayOf'), ' ', typeOf(schema.items ?? {}, i18n)];
  return schema.format ?? schema.type ?? t('type.anyJson');
}

/** Bounds and defaults, one each. */
function rulesOf(schema: Schema, { t }: DocsI18n): string[] {
  const range = (low: number | undefined, high: number | undefined): string | undefined => {
    if (high === undefined) return low === undefined ? undefined : t('rule.atLeast', { low });
    return low === undefined ? t('rule.atMost', { high }) : t('rule.range', { low, high });
  };
  const characters = range(schema.minLength, schema.maxLength);
  const elements = range(undefined, schema.maxItems);
  // A format says more than its pattern.
  const pattern = schema.format === undefined ? schema.pattern : undefined;
  return [
    characters && t('rule.characters', { range: characters }),
    range(schema.minimum, schema.maximum),
    elements && t('rule.elements', { range: elements }),
    pattern && t('rule.matches', { pattern }),
    schema.default === undefined ? undefined : t('rule.default', { value: JSON.stringify(schema.default) }),
  ].filter((rule) => rule !== undefined);
}
