import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DOCS_PAGE } from './docs.js';
import type { Reply } from './reply.js';
import type { Route } from './route.js';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

/**
 * The files of a directory as routes under `/static/`. The directory is listed and read once. A request is looked up
 * among these routes and never becomes a file name, so no path can leave the directory. Symbolic links are not
 * followed. A directory that does not exist has no files.
 */
export function staticRoutes(directory: string): Route[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== DOCS_PAGE)
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const path = file.slice(directory.length).split(/[\\/]/).filter(Boolean).map(encodeURIComponent).join('/');
      const reply: Reply = {
        status: 200,
        type: CONTENT_TYPES[extname(entry.name).toLowerCase()] ?? 'application/octet-stream',
        body: readFileSync(file),
        cacheable: true,
      };
      const route: Route = { path: `/static/${path}`, action: 'page', reply: () => reply };
      return entry.name === 'test_websocket.html' ? { ...route, ...TEST_PAGE } : route;
    });
}

const TEST_PAGE: Pick<Route, 'summary' | 'answers'> = {
  summary: { en: 'The test page', zh: '测试页面' },
  answers: [{ status: 200, meaning: 'A page that speaks this protocol.', type: 'text/html' }],
};

/**
 * The directory of the built pages: `dist/web` of this package, found from the sources and from any bundle in `dist`.
 */
export function builtPages(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json')) && dirname(directory) !== directory) {
    directory = dirname(directory);
  }
  return join(directory, 'dist', 'web');
}
