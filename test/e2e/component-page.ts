import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { borrowPage, returnPage } from '../helpers/pages.js';

/** What the browser says of connections that a test breaks is not the hooks' fault. */
const OF_TESTS = /favicon|WebSocket connection to|404/;

/** Components in a page that is loaded once for the tests of a file. Each test shows them anew. */
export class ComponentPage {
  readonly page: Page;
  readonly #server: http.Server;
  #complaints: string[] = [];

  private constructor(page: Page, server: http.Server) {
    this.page = page;
    this.#server = server;
    page.on('pageerror', (error) => this.#complaints.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.#complaints.push(message.text());
    });
  }

  /**
   * @param entry - the file whose function `begin` shows the components with the values it is given, and
   *   returns the function that takes them away
   */
  static async load(entry: URL): Promise<ComponentPage> {
    const [page, code] = await Promise.all([borrowPage(), bundle(entry)]);
    const server = http.createServer(({ url }, response) => {
      const isScript = url === '/page.js';
      response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
      response.end(
        isScript ? code : '<!doctype html><meta charset="utf-8"><div id="root"></div><script src="/page.js"></script>',
      );
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return new ComponentPage(page, server);
  }

  /** Shows the components to somebody who was never there. */
  async begin(values: object): Promise<void> {
    this.#complaints = [];
    await this.page.evaluate('localStorage.clear(); sessionStorage.clear()');
    await this.#begin(values);
  }

  /** Loads the page again, and shows the components to the same person. */
  async reload(values: object): Promise<void> {
    await this.page.reload();
    await this.#begin(values);
  }

  /** Takes the components away. The browser may have complained of nothing. */
  async end(): Promise<void> {
    await this.page.evaluate('globalThis.end()');
    expect(this.#complaints.filter((text) => !OF_TESTS.test(text))).toEqual([]);
  }

  async close(): Promise<void> {
    await returnPage(this.page);
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #begin(values: object): Promise<unknown> {
    return this.page.evaluate(`void (globalThis.end = globalThis.begin(${JSON.stringify(values)}))`);
  }
}

async function bundle(entry: URL): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    format: 'iife',
    platform: 'browser',
    define: { 'process.env.NODE_ENV': '"development"' },
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}
