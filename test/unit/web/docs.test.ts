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
import { find } from '../../../src/web/docs/places.js';
import { fieldsOf, readReference } from '../../../src/web/docs/reference.js';
import type { Schema } from '../../../src/web/schema.js';
import { Sequence, SEQUENCE_NAMES } from '../../../src/web/docs/sequence.js';
import { docs, GUIDES, meaning } from '../../../src/web/docs/texts.js';
import { docsTexts } from '../../../src/web/locale/docs-texts.js';
import { texts } from '../../../src/web/locale/texts.js';
import type { Text } from '../../../src/web/locale/translators.js';
import { zhMeanings } from '../../../src/web/locale/zh-meanings.js';
import { quietState } from '../http/state.js';
import { drawn } from './drawn.js';

const state = quietState();
const routes = [
  endpointRoute(state.path),
  statisticsRoute(() => state.statistics(), undefined),
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
    ...reference.routes.flatMap(({ answers }) => answers.map(({ about }) => about)),
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

describe('the texts', () => {
  const codes = (text: string) => [...text.matchAll(/`([^`]+)`|\]\((#\w+)\)|\{\w+\}/g)].map(([whole]) => whole).sort();

  it('say the same in both languages', () => {
    // The languages have words of their own for what the column shows.
    const said = (text: string) => codes(text).filter((code) => !/`(?:yes|no|later)`/.test(code));
    for (const [english, chinese] of Object.values<Text>({ ...texts, ...docsTexts })) {
      expect(said(chinese), chinese).toEqual(said(english));
    }
  });

  it('of the guide are in Chinese', () => {
    const chinese = GUIDES.flatMap(({ title, steps }) => [title, ...steps]).map((key) => docs.zh.t(key));
    expect(chinese.length).toBeGreaterThan(40);
    for (const text of chinese) expect(text).toMatch(/\p{Script=Han}/u);
  });

  it('of the guide name nothing that the protocol does not have', () => {
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
    const named = GUIDES.flatMap(({ steps }) =>
      steps.flatMap((step) => [...docs.en.t(step).matchAll(/`([a-z_.]+)`/g)].map(([, name = '']) => name)),
    );
    expect(named.length).toBeGreaterThan(40);
    expect(named.flatMap((name) => name.split('.')).filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('the sequences', () => {
  it.each(SEQUENCE_NAMES)('%s is drawn and told with real messages', (name) => {
    for (const i18n of [docs.en, docs.zh]) {
      const figure = drawn(h(Sequence, { name, i18n }));
      expect(figure).toContain(`aria-label="${i18n.t(`sequence.${name}`)}. `);
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
    expect(byId.get('ping')).toMatchObject({ from: 'client', tags: [], answers: ['pong', 'error'] });
    expect(byId.get('stream_end')).toMatchObject({ from: 'server', tags: ['ends-a-run'], answers: [] });
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
  const places = [
    { name: 'stream_chunk.seq', about: 'Position', id: 'a' },
    { name: 'resume', about: 'Reads a run', id: 'b' },
    { name: 'resumed', about: 'The answer to resume', id: 'c' },
    { name: 'list_runs', about: 'resume what it lists', id: 'd' },
  ];
  it('finds every word, in names first', () => {
    expect(find(places, ' RESUME ').map(({ id }) => id)).toEqual(['b', 'c', 'd']);
    expect(find(places, 'chunk position').map(({ id }) => id)).toEqual(['a']);
    expect(find(places, 'nothing')).toEqual([]);
  });
});
