import { describe, expect, it } from 'vitest';
import { docsPage } from '../../../src/http/docs-page.js';
import { fieldRows } from '../../../src/http/field-table.js';
import { html, prose } from '../../../src/http/html.js';
import { healthRoute } from '../../../src/http/health.js';
import { documentedMessages } from '../../../src/http/message-schemas.js';
import { CLOSE_CODES } from '../../../src/protocol/close-codes.js';
import { ERROR_CODES } from '../../../src/protocol/error-codes.js';
import { quietState } from './state.js';

const state = quietState();
const page = docsPage(state, [healthRoute()]);

describe('the page at /docs', () => {
  it('shows every message with all its fields and its example', () => {
    for (const { id, schema, example } of documentedMessages()) {
      const card = new RegExp(`<article id="${id}">.*?</article>`, 's').exec(page)?.[0] ?? '';
      for (const { path } of fieldRows(schema)) expect(card).toContain(`<code>${path}</code>`);
      expect(card).toContain(html`${JSON.stringify(example, undefined, 2)}`.text);
    }
  });

  it('shows every error code, close code, tool and route', () => {
    for (const code of Object.keys(ERROR_CODES)) expect(page).toContain(`<td><code>${code}</code></td>`);
    for (const { code, reason } of Object.values(CLOSE_CODES)) {
      expect(page).toMatch(new RegExp(`<code>${code}</code></td>\\s*<td>${reason}</td>`));
    }
    expect(page).toContain('id="tool-calculator"');
    expect(page).toContain('id="tool-plant"');
    expect(page).toContain('<code>/healthz</code>');
    expect(docsPage(quietState({ tools: () => [] }), [])).toContain('This server offers none.');
  });

  it('marks who sends a message, what ends a run and what only the subprotocol brings', () => {
    const marks = (type: string) => new RegExp(`<article id="${type}">.*?</h3>`, 's').exec(page)?.[0] ?? '';
    expect(marks('ping')).toContain('client → server');
    expect(marks('pong')).toContain('server → client');
    expect(marks('pong')).not.toMatch(/ends a run|agent-ws\.v1/);
    expect(marks('stream_end')).toContain('ends a run');
    expect(marks('stream_tool_call')).toContain('<code>agent-ws.v1</code>');
    expect(marks('stream_tool_call')).not.toContain('ends a run');
    expect(marks('client-history')).toContain('client → server');
    expect(marks('server-history')).toContain('server → client');
  });

  it('links to the documents, and to the test page where there is one', () => {
    expect(page).toContain('href="docs/asyncapi.json"');
    expect(page).toContain('href="docs/openapi.json"');
    expect(page).not.toContain('test_websocket.html');
    const testPage = { ...healthRoute(), path: '/static/test_websocket.html' };
    expect(docsPage(state, [testPage])).toContain('href="static/test_websocket.html"');
  });

  it('needs neither the network nor inline code, and its links within the page lead somewhere', () => {
    expect(page).not.toMatch(/<script|<style|\sstyle=|\son\w+=|https?:|href="\/|src=/i);
    const anchors = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id ?? '');
    expect(anchors.length).toBeGreaterThan(20);
    for (const id of anchors) expect(page).toContain(`id="${id}"`);
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('speaks Chinese beside English', () => {
    expect(page).toContain('<html lang="en">');
    expect(page).toContain('lang="zh"');
    for (const heading of ['简介', '客户端消息', '服务器消息', '错误码', '关闭码', '工具'])
      expect(page).toContain(heading);
  });

  it('escapes what embedders wrote', () => {
    const name = '<img src=x onerror=alert(1)>';
    const tools = [{ name: 't', description: name, parameters: { properties: { [name]: { description: name } } } }];
    const hostile = docsPage(quietState({ path: `/${name}`, info: { version: name }, tools: () => tools }), []);
    expect(hostile).not.toContain('<img');
    expect(hostile).toContain('&#60;img');
  });
});

describe('fieldRows', () => {
  it('says bounds, formats and defaults, and looks into objects and arrays', () => {
    const rows = fieldRows({
      required: ['id'],
      properties: {
        id: { type: 'string', format: 'uuid', pattern: '^x$' },
        name: { type: 'string', minLength: 1, maxLength: 9, pattern: '^a' },
        share: { type: 'number', minimum: 0, maximum: 2 },
        few: { type: 'array', maxItems: 3, items: { type: 'object', properties: { deep: { const: true } } } },
        more: { type: 'object', default: {}, properties: { seq: { type: 'integer', minimum: 1 } } },
        any: {},
      },
    });
    expect(rows.map(({ path, type, required, rules }) => [path, type.text, required, rules])).toEqual([
      ['id', 'uuid', true, []],
      ['name', 'string', false, ['1 to 9 characters', 'matches ^a']],
      ['share', 'number', false, ['0 to 2']],
      ['few', 'array of object', false, ['at most 3 elements']],
      ['few[].deep', '<code>true</code>', false, []],
      ['more', 'object', false, ['default {}']],
      ['more.seq', 'integer', false, ['at least 1']],
      ['any', 'any JSON', false, []],
    ]);
  });
});

describe('html', () => {
  it('escapes text and keeps HTML', () => {
    expect(html`<p>${`<&>"'`} ${html`<b>${1}</b>`} ${['a', html`<i></i>`]}</p>`.text).toBe(
      '<p>&#60;&#38;&#62;&#34;&#39; <b>1</b> a<i></i></p>',
    );
  });

  it('turns backticks into code', () => {
    expect(html`${prose('see `a<b` and c')}`.text).toBe('see <code>a&#60;b</code> and c');
  });
});
