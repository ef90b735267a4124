import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  CLOSE_CODES,
  clientMessages,
  ERROR_CODES,
  LIMITS,
  serverMessages,
  SUBPROTOCOL,
} from '../../src/protocol/index.js';

const document = readFileSync(new URL('../../PROTOCOL.md', import.meta.url), 'utf8');

/** The text below a heading, up to the next of the same or a higher level. */
function section(heading: string, within = document): string {
  const level = /^#+/.exec(heading)?.[0].length ?? 1;
  const lines = within.split('\n');
  const start = lines.indexOf(heading);
  expect(start, `PROTOCOL.md has no heading "${heading}"`).toBeGreaterThanOrEqual(0);
  const end = lines.findIndex((line, index) => index > start && new RegExp(`^#{1,${level}} `).test(line));
  return lines.slice(start + 1, end === -1 ? undefined : end).join('\n');
}

/** The cells of the tables in a text, without heads. */
function rows(text: string): string[][] {
  const cells = text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return cells.slice(2);
}

/** The text without the ends of its lines, which may lie within a sentence. */
function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

/** What a schema says of a field; of an optional one its inner schema may say it. */
function meaningOf(field: z.ZodType): string | undefined {
  const { innerType } = field.def as { readonly innerType?: z.ZodType };
  return field.description ?? innerType?.description;
}

describe.each([
  ['What a client sends', clientMessages],
  ['What the server sends', serverMessages],
] as const)('PROTOCOL.md, %s', (heading, schemas) => {
  it('names every message and no other', () => {
    const named = [...section(`## ${heading}`).matchAll(/^### `(\w+)`$/gm)].map(([, type]) => type);
    expect(named).toEqual(Object.keys(schemas));
  });

  it.each(Object.entries<z.ZodObject>(schemas))(
    '%s: every field and no other, in wire order, with its meaning, marked optional where it is',
    (type, schema) => {
      // Both sides send a `history`.
      const text = section(`### \`${type}\``, section(`## ${heading}`));
      expect(onOneLine(text)).toContain(schema.description);
      const documented = rows(text).map(([field, , meaning]) => [field, meaning]);
      const fields = Object.entries(schema.shape as Record<string, z.ZodType>)
        .filter(([name]) => name !== 'type')
        .map(([name, field]) => [
          `\`${name}\`${['optional', 'default'].includes(field.type) ? ' ?' : ''}`,
          meaningOf(field),
        ]);
      expect(documented).toEqual(fields);
    },
  );
});

describe('PROTOCOL.md, the tables', () => {
  it('holds the table of errors', () => {
    const expected = Object.entries(ERROR_CODES).map(([code, { retryable, meaning }]) => [
      `\`${code}\``,
      retryable ? 'yes' : 'no',
      meaning,
    ]);
    expect(rows(section('## Errors'))).toEqual(expected);
  });

  it('holds the table of close codes', () => {
    const expected = Object.values(CLOSE_CODES).map(({ code, reason, reconnect, meaning }) => [
      String(code),
      reason,
      reconnect,
      meaning,
    ]);
    expect(rows(section('## Close codes'))).toEqual(expected);
  });

  it('has reasons that fit into a close frame', () => {
    for (const { reason } of Object.values(CLOSE_CODES)) expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
  });

  it('names the subprotocol and the limits', () => {
    const text = onOneLine(document);
    expect(text).toContain(`\`${SUBPROTOCOL}\``);
    expect(text).toContain(`${LIMITS.messageBytes / 2 ** 20} MiB`);
    expect(text).toContain(`nested at most ${LIMITS.depth} deep`);
    expect(text).toContain(`1 to ${LIMITS.idLength} characters`);
    expect(text).toContain(`at most ${LIMITS.chunkBytes / 1024} KiB`);
    expect(text).toContain(`A title has at most ${LIMITS.titleLength} characters`);
    expect(text).toContain(`the reason of an approval at most ${LIMITS.reasonLength}`);
    expect(text).toContain(`the metadata of a conversation at most ${LIMITS.metadataBytes / 1024} KiB`);
    expect(text).toContain(`A page of messages or conversations has at most ${LIMITS.pageSize}`);
  });

  it('shows in its examples only messages that exist, sent by the side that sends them', () => {
    const shown = [...document.matchAll(/([→←]) \{"type":"(\w+)"/g)];
    expect(shown.length).toBeGreaterThan(50);
    for (const [, arrow, type = ''] of shown) {
      expect(Object.keys(arrow === '→' ? clientMessages : serverMessages)).toContain(type);
    }
  });

  it('shows whole examples as they are on the wire', () => {
    const lines = [...document.matchAll(/^([→←]) (\{[^→←\n]*(?:\n {3}[^→←\n]*)*\})$/gm)];
    // Without those that leave fields out, and the one that is there to be refused.
    const whole = lines.filter(([line]) => !/…[^"]|"query":""/.test(line));
    expect(whole.length).toBeGreaterThan(15);
    for (const [, arrow, json = ''] of whole) {
      const text = json.replace(/"(\w{4})…"/g, '"$10000-0000-4000-8000-000000000000"');
      const message = JSON.parse(text) as { readonly type: string };
      const schemas: Readonly<Record<string, z.ZodObject>> = arrow === '→' ? clientMessages : serverMessages;
      const schema = schemas[message.type];
      expect(schema?.safeParse(message).error, json).toBeUndefined();
      if (arrow === '→') continue;
      expect(Object.keys(message), json).toEqual(Object.keys(schema?.shape ?? {}).filter((key) => key in message));
    }
  });
});
