import { h } from 'preact';
import { describe, expect, it } from 'vitest';
import { asyncApi } from '../../../src/http/asyncapi.js';
import { docsRoutes } from '../../../src/http/docs.js';
import { endpointRoute, healthRoute, readyRoute } from '../../../src/http/health.js';
import { documentedMessages } from '../../../src/http/message-schemas.js';
import { openApi } from '../../../src/http/openapi.js';
import { statisticsRoute } from '../../../src/http/statistics.js';
import { CLOSE_CODES } from '../../../src/protocol/close-codes.js';
import { ERROR_CODES } from '../../../src/protocol/error-codes.js';
import { find } from '../../../src/web/docs/find.js';
import { fieldsOf, readReference } from '../../../src/web/docs/reference.js';
import type { Schema } from '../../../src/web/schema.js';
import { Sequence } from '../../../src/web/docs/sequence.js';
import { docsTexts, meaning } from '../../../src/web/docs/texts.js';
import { docsEn } from '../../../src/web/locale/docs-en.js';
import { docsZh } from '../../../src/web/locale/docs-zh.js';
import { zhMeanings } from '../../../src/web/locale/zh-meanings.js';
import { quietState } from '../http/state.js';
import { drawn } from './drawn.js';

const state = quietState();
const routes = [
  endpointRoute(state.path),
  statisticsRoute(() => state.statistics()),
  healthRoute(),
  readyRoute(() => true),
  ...docsRoutes(state, '/nowhere', () => []),
];
type Documents = Parameters<typeof readReference>;
const reference = readReference(asyncApi(state) as Documents[0], openApi(state, routes) as Documents[1]);

describe('the meanings in Chinese', () => {
  // Every schema, in fields and in what they hold.
  const described = (schema: Schema): string[] => [
    schema.description ?? '',
    ...fieldsOf(schema).map(({ schema: field }) => field.description ?? ''),
  ];
  const english = [
    ...reference.messages.flatMap(({ schema }) => described(schema)),
    ...reference.routes.flatMap(({ answers }) => answers.map((answer) => answer.meaning)),
  ].filter((text) => text !== '');

  it('are there for every field, message and answer', () => {
    expect(english.length).toBeGreaterThan(150);
    expect(english.filter((text) => !/\p{Script=Han}/u.test(meaning(text, 'zh')))).toEqual([]);
  });

  it('translate nothing that is no longer said', () => {
    const said = new Set(english.map((text) => meaning(text, 'en')));
    // The test page is built, and is a route only then.
    said.add('A page that speaks this protocol.');
    expect(Object.keys(zhMeanings).filter((text) => !said.has(text))).toEqual([]);
  });

  it('name the same messages, fields and codes', () => {
    const codes = (text: string) => [...new Set([...text.matchAll(/`[^`]+`/g)].map(([code]) => code))].sort();
    for (const [text, chinese] of Object.entries(zhMeanings)) expect(codes(chinese), chinese).toEqual(codes(text));
  });
});

describe('the guide', () => {
  const codes = (text: string) => [...text.matchAll(/`([^`]+)`|\]\((#\w+)\)/g)].map(([whole]) => whole).sort();

  it('says the same in both languages', () => {
    expect(docsZh.guides.map(({ id }) => id)).toEqual(docsEn.guides.map(({ id }) => id));
    for (const [index, { steps }] of docsEn.guides.entries()) {
      const words = (all: readonly string[]) =>
        all.map((step) => codes(step).filter((code) => !/`(?:yes|no|later)`/.test(code)));
      expect(words(docsZh.guides[index]?.steps ?? [])).toEqual(words(steps));
    }
    for (const text of docsZh.guides.flatMap(({ title, steps }) => [title, ...steps]))
      expect(text).toMatch(/\p{Script=Han}/u);
  });

  it('names nothing that the protocol does not have', () => {
    const known = new Set([
      ...documentedMessages().flatMap(({ type, schema }) => [
        type,
        ...fieldsOf(schema as Schema).flatMap(({ path }) => path.split(/\.|\[\]\.?/)),
      ]),
      ...documentedMessages().flatMap(({ schema }) =>
        fieldsOf(schema as Schema).flatMap(({ schema: { enum: values = [] } }) => values),
      ),
      ...Object.keys(ERROR_CODES),
      ...Object.values(CLOSE_CODES).map(({ reconnect }) => reconnect),
    ]);
    const named = docsEn.guides.flatMap(({ steps }) =>
      steps.flatMap((step) => [...step.matchAll(/`([a-z_.]+)`/g)].map(([, name = '']) => name)),
    );
    expect(named.length).toBeGreaterThan(40);
    expect(named.flatMap((name) => name.split('.')).filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('the sequences', () => {
  it.each(['stream', 'resume', 'approval', 'cancel'] as const)('%s is drawn and told with real messages', (name) => {
    for (const language of ['en', 'zh'] as const) {
      const texts = docsTexts(language);
      const figure = drawn(h(Sequence, { name, texts }));
      expect(figure).toContain(`aria-label="${texts.sequences[name].title}. `);
      const told = [...figure.matchAll(/<li>.*?<\/li>/g)].map(([item]) => item);
      expect(told.length).toBeGreaterThan(3);
      const labels = told.flatMap((item) => /<code>(\w+)/.exec(item)?.[1] ?? []);
      const types = new Set(reference.messages.map(({ type }) => type));
      expect(labels.filter((type) => !types.has(type))).toEqual([]);
      for (const label of labels) expect(figure).toMatch(new RegExp(`<text [^>]*>${label}`));
    }
  });
});

describe('what the page reads', () => {
  it('is every message, with its direction, its marks and what answers it', () => {
    expect(reference.messages.map(({ id }) => id)).toEqual(documentedMessages().map(({ id }) => id));
    const byId = new Map(reference.messages.map((message) => [message.id, message]));
    expect(byId.get('ping')).toMatchObject({ isFromClient: true, tags: [], answers: ['pong', 'error'] });
    expect(byId.get('stream_end')).toMatchObject({ isFromClient: false, tags: ['ends-a-run'], answers: [] });
    expect(byId.get('watch')).toMatchObject({ tags: ['agent-ws.v1'] });
    expect(byId.get('client-history')).toMatchObject({ type: 'history', answers: ['error', 'server-history'] });
    for (const { schema, example } of reference.messages) {
      expect(JSON.stringify(schema)).not.toContain('$ref');
      expect(example).toBeTypeOf('object');
    }
  });

  it('is the tools, even one that holds itself, and the routes in both languages', () => {
    expect(reference.tools.map(({ name }) => name)).toEqual(['calculator', 'plant']);
    expect(fieldsOf(reference.tools[1]?.parameters ?? {}).map(({ path }) => path)).toContain(
      'forest[].children[].name',
    );
    for (const { path, summary } of reference.routes) {
      expect(summary.zh, path).toMatch(/\p{Script=Han}/u);
      expect(summary.en, path).not.toMatch(/\p{Script=Han}/u);
    }
  });

  it('is the fields of objects inside objects', () => {
    const fields = fieldsOf({
      required: ['few'],
      properties: {
        few: { type: 'array', items: { properties: { deep: { const: true } } } },
        more: { properties: { seq: {} } },
      },
    });
    expect(fields.map(({ path, isRequired }) => [path, isRequired])).toEqual([
      ['few', true],
      ['few[].deep', false],
      ['more', false],
      ['more.seq', false],
    ]);
  });
});

describe('the search', () => {
  const entries = [
    { name: 'stream_chunk.seq', about: 'Position', place: 'a' },
    { name: 'resume', about: 'Reads a run', place: 'b' },
    { name: 'resumed', about: 'The answer to resume', place: 'c' },
    { name: 'list_runs', about: 'resume what it lists', place: 'd' },
  ];
  it('finds every word, in names first', () => {
    expect(find(entries, ' RESUME ').map(({ place }) => place)).toEqual(['b', 'c', 'd']);
    expect(find(entries, 'chunk position').map(({ place }) => place)).toEqual(['a']);
    expect(find(entries, 'nothing')).toEqual([]);
  });
});
