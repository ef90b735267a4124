import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, describe, expect, it } from 'vitest';
import { docsRoutes } from '../../../src/http/docs.js';
import { endpointRoute, healthRoute, readyRoute } from '../../../src/http/health.js';
import { openApi } from '../../../src/http/openapi.js';
import type { Route } from '../../../src/http/route.js';
import { statisticsRoute } from '../../../src/http/statistics.js';
import { quietState } from './state.js';

interface Operation {
  operationId: string;
  summary: string;
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}
interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, { get: Operation; head: Operation; servers?: { url: string }[] }>;
  components: { schemas: Record<string, object> };
}

const state = quietState();
/** Stands in for the built pages. */
const pages = mkdtempSync(join(tmpdir(), 'agent-ws-docs-'));
writeFileSync(join(pages, 'docs.html'), '<!doctype html>');
afterAll(() => rmSync(pages, { recursive: true }));
const routes: Route[] = [
  endpointRoute(state.path),
  statisticsRoute(() => state.statistics(), undefined),
  healthRoute(),
  readyRoute(() => state.isReady()),
  ...docsRoutes(state, pages, () => routes),
];
const document = openApi(state, routes) as Document;
const operations = Object.values(document.paths).flatMap(({ get, head }) => [get, head]);

describe('the OpenAPI document', () => {
  it('has the required parts of OpenAPI 3.1', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({ title: expect.any(String) as string, version: '1.2.3' });
    for (const { operationId, summary, responses } of operations) {
      expect(operationId).toMatch(/^(get|head)_[\w]+$/);
      expect(summary).not.toBe('');
      expect(Object.keys(responses).length).toBeGreaterThan(0);
      for (const [status, { description }] of Object.entries(responses)) {
        expect(status).toMatch(/^[1-5]\d\d$/);
        expect(description).not.toBe('');
      }
    }
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  });

  it('names every route a client asks for, the refused endpoint among them', () => {
    expect(Object.keys(document.paths)).toEqual([
      '/ws/agent',
      '/ws/statistics',
      '/healthz',
      '/readyz',
      '/docs',
      '/docs/asyncapi.json',
      '/docs/openapi.json',
    ]);
    expect(Object.keys(document.paths['/ws/agent']?.get.responses ?? {})).toContain('426');
    expect(Object.keys(document.paths['/readyz']?.get.responses ?? {})).toEqual(['200', '403', '405', '500', '503']);
    expect(document.paths['/ws/agent']?.servers).toEqual([{ url: '/' }]);
  });

  it('has no dangling reference, and schemas that compile', () => {
    const text = JSON.stringify(document);
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
    expect(references.length).toBe([...text.matchAll(/\$ref/g)].length);
    expect(new Set(references)).toEqual(new Set(Object.keys(document.components.schemas)));
    const ajv = new Ajv2020();
    for (const schema of Object.values(document.components.schemas)) ajv.compile(schema);
  });

  it('describes the bodies that are sent', async () => {
    const ajv = new Ajv2020({ keywords: ['components'] });
    for (const [path, { get }] of Object.entries(document.paths)) {
      const reply = await routes.find((route) => route.path === path)?.reply('');
      const content = get.responses[String(reply?.status)]?.content ?? {};
      expect(Object.keys(content)).toEqual([reply?.type.split(';')[0]]);
      const { schema } = Object.values(content)[0] ?? {};
      if (schema === undefined || !('$ref' in schema)) continue;
      const validate = ajv.compile({ ...schema, components: document.components });
      expect(validate(JSON.parse(String(reply?.body))), JSON.stringify(validate.errors)).toBe(true);
      expect(validate({})).toBe(false);
    }
  });
});
