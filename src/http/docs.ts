import { asyncApi } from './asyncapi.js';
import { docsPage } from './docs-page.js';
import { DOCS_STYLE } from './docs-style.js';
import { openApi } from './openapi.js';
import { json, type Reply } from './reply.js';
import type { Route } from './route.js';
import type { HttpRoutesState } from './state.js';

/**
 * `/docs` and the documents beside it. All links are relative, so that they hold below any prefix.
 * @param routes - gives the whole table, these routes included.
 */
export function docsRoutes(state: HttpRoutesState, routes: () => readonly Route[]): Route[] {
  return [
    {
      path: '/docs',
      summary: { en: 'This page', zh: '本页面' },
      answers: [{ status: 200, meaning: 'A page for people.', type: 'text/html' }],
      reply: whileToolsStay(state, () => ({
        status: 200,
        type: 'text/html; charset=utf-8',
        body: docsPage(state, routes()),
        cacheable: true,
      })),
    },
    {
      path: '/docs/',
      // The links of the page are relative to the address without the slash.
      reply: () => ({ status: 308, type: 'text/plain; charset=utf-8', body: '', headers: { Location: '../docs' } }),
    },
    {
      path: '/docs/style.css',
      reply: () => ({ status: 200, type: 'text/css; charset=utf-8', body: DOCS_STYLE, cacheable: true }),
    },
    {
      path: '/docs/asyncapi.json',
      summary: { en: 'The WebSocket protocol as AsyncAPI 3.0', zh: 'WebSocket 协议的 AsyncAPI 3.0 文档' },
      answers: [{ status: 200, meaning: 'An AsyncAPI document.', type: 'application/json' }],
      reply: whileToolsStay(state, () => json(200, asyncApi(state), { cacheable: true })),
    },
    {
      path: '/docs/openapi.json',
      summary: { en: 'These routes as OpenAPI 3.1', zh: 'HTTP 接口的 OpenAPI 3.1 文档' },
      answers: [{ status: 200, meaning: 'An OpenAPI document.', type: 'application/json' }],
      reply: whileToolsStay(state, () => json(200, openApi(state, routes()), { cacheable: true })),
    },
  ];
}

/** Makes a document at its first request and again after the tools have changed: it costs milliseconds that belong to the streams. */
function whileToolsStay(state: HttpRoutesState, make: () => Reply): () => Reply {
  let made: { readonly tools: string; readonly reply: Reply } | undefined;
  return () => {
    const tools = JSON.stringify(state.tools());
    if (made?.tools !== tools) made = { tools, reply: make() };
    return made.reply;
  };
}
