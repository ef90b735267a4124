import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncApi } from './asyncapi.js';
import { openApi } from './openapi.js';
import { failure, json, type Reply } from './reply.js';
import type { Route } from './route.js';
import type { HttpRoutesState } from './state.js';

/** The page in the directory of pages. Its links are relative to `/docs`, so it is not served below `/static/`. */
export const DOCS_PAGE = 'docs.html';

/**
 * `/docs` and the documents of its page. All links are relative, so that they work below any prefix.
 * @param pages - the directory of the built pages.
 * @param routes - returns all routes, including these.
 */
export function docsRoutes(state: HttpRoutesState, pages: string, routes: () => readonly Route[]): Route[] {
  const page = pageReply(join(pages, DOCS_PAGE));
  return [
    {
      path: '/docs',
      action: 'page',
      summary: { en: 'The documentation page', zh: '文档页面' },
      answers: [{ status: 200, meaning: 'A page for people.', type: 'text/html' }],
      reply: () => page,
    },
    {
      path: '/docs/',
      action: 'page',
      // The links of the page are relative to the address without the slash.
      reply: () => ({ status: 308, type: 'text/plain; charset=utf-8', body: '', headers: { Location: '../docs' } }),
    },
    {
      path: '/docs/asyncapi.json',
      action: 'page',
      summary: { en: 'The WebSocket protocol as AsyncAPI 3.0', zh: 'WebSocket 协议的 AsyncAPI 3.0 文档' },
      answers: [{ status: 200, meaning: 'An AsyncAPI document.', type: 'application/json' }],
      reply: whileToolsStay(state, () => json(200, asyncApi(state), { cacheable: true })),
    },
    {
      path: '/docs/openapi.json',
      action: 'page',
      summary: { en: 'These routes as OpenAPI 3.1', zh: 'HTTP 接口的 OpenAPI 3.1 文档' },
      answers: [{ status: 200, meaning: 'An OpenAPI document.', type: 'application/json' }],
      reply: whileToolsStay(state, () => json(200, openApi(state, routes()), { cacheable: true })),
    },
  ];
}

function pageReply(file: string): Reply {
  if (!existsSync(file)) return failure(404, 'The pages of this package are not built; see docs/asyncapi.json');
  return { status: 200, type: 'text/html; charset=utf-8', body: readFileSync(file), cacheable: true };
}

/**
 * Makes a document at its first request, and again after the tools have changed: it takes milliseconds, which streams
 * need.
 */
function whileToolsStay(state: HttpRoutesState, make: () => Reply): () => Reply {
  let made: { readonly tools: string; readonly reply: Reply } | undefined;
  return () => {
    const tools = JSON.stringify(state.tools());
    if (made?.tools !== tools) made = { tools, reply: make() };
    return made.reply;
  };
}
