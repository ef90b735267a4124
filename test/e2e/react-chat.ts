import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import type { ChatMessage, ConversationHook } from '../../src/client/react.js';
import { borrowPage, returnPage } from '../helpers/pages.js';

/** What the page shows. */
export interface ChatView {
  readonly messages: readonly ChatMessage[];
  readonly status: string;
  readonly hasMore: boolean;
  readonly error?: string;
  readonly approvals: number;
}

type Action = Exclude<keyof ConversationHook, 'messages' | 'hasMore' | 'status' | 'error' | 'approvals'>;

const PATIENT = { timeout: 20_000 };

/** The page in one file. */
export async function bundleChat(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('react-chat-page.js', import.meta.url))],
    bundle: true,
    format: 'iife',
    platform: 'browser',
    define: { 'process.env.NODE_ENV': '"development"' },
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

/** A page with one conversation, and what it sends. */
export class ChatDriver {
  readonly page: Page;
  /** The types of all messages it sent. */
  readonly sent: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        this.sent.push((JSON.parse(String(payload)) as { type: string }).type);
      }),
    );
  }

  static async open(code: string, serviceUrl: string): Promise<ChatDriver> {
    const script = code.replaceAll('</script', '<\\/script');
    const html = `<!doctype html><meta charset="utf-8"><div id="root"></div>
      <script>globalThis.serviceUrl = ${JSON.stringify(serviceUrl)}</script><script>${script}</script>`;
    const server = http.createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(html);
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const page = await borrowPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    onTestFinished(async () => {
      await returnPage(page);
      server.closeAllConnections();
      server.close();
      expect(complaints.filter((text) => !/favicon|WebSocket connection to|404/.test(text))).toEqual([]);
    });
    const driver = new ChatDriver(page);
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await driver.idle();
    return driver;
  }

  view(): Promise<ChatView> {
    return this.page.evaluate('globalThis.view ?? globalThis.nothing');
  }

  pictures(): Promise<readonly ChatView[]> {
    return this.page.evaluate('globalThis.pictures');
  }

  heard(): Promise<readonly unknown[]> {
    return this.page.evaluate('globalThis.heard');
  }

  /** Calls a function of the hook. Its result is not waited for. */
  async do(action: Action, ...args: readonly unknown[]): Promise<void> {
    await this.page.evaluate(`void globalThis.chat.${action}(...${JSON.stringify(args)})`);
  }

  /** Turns to a conversation, or to none. */
  async show(conversation: string | undefined): Promise<void> {
    await this.page.evaluate(`globalThis.show(${JSON.stringify(conversation)})`);
    await expect.poll(() => this.page.evaluate('globalThis.shown'), PATIENT).toBe(conversation);
  }

  /** Asks, and waits for the end of the answer. */
  async ask(query: string): Promise<void> {
    await this.do('send', query);
    await this.until((view) => view.messages.some(({ content }) => content === query) && view.status === 'idle');
  }

  async until(test: (view: ChatView) => boolean): Promise<ChatView> {
    let found: ChatView | undefined;
    await expect
      .poll(async () => {
        const view = await this.view();
        if (!test(view)) return JSON.stringify(view);
        found = view;
        return 'found';
      }, PATIENT)
      .toBe('found');
    return found as unknown as ChatView;
  }

  idle(): Promise<ChatView> {
    return this.until(({ status }) => status === 'idle');
  }

  /** What the page shows, a line for each message, when it shows that. */
  async shows(...lines: readonly string[]): Promise<void> {
    const told = async (): Promise<readonly string[]> => linesOf(await this.view());
    await expect.poll(told, PATIENT).toEqual(lines);
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.until(({ status }) => status !== 'loading');
  }
}

/** A line for each message: who, what, how it ended if not well, and which version of how many. */
export function linesOf({ messages }: ChatView): string[] {
  return messages.map(({ role, content, status, error, branch }) => {
    const end = status === 'complete' ? '' : ` (${error?.code ?? status})`;
    const version = branch === undefined ? '' : ` ${branch.index + 1}/${branch.count}`;
    return `${role === 'user' ? 'Q' : 'A'}: ${content}${end}${version}`;
  });
}
