import type { Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import type { ChatMessage, ConversationHook } from '../../src/client/react.js';
import { ComponentPage } from './component-page.js';

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

/** A page with one conversation, and what it sends. */
export class ChatDriver {
  readonly page: Page;
  /** The types of all messages it sent. */
  readonly sent: string[] = [];
  readonly #shown: ComponentPage;
  readonly #values: { readonly serviceUrl: string };

  private constructor(shown: ComponentPage, serviceUrl: string) {
    this.page = shown.page;
    this.#shown = shown;
    this.#values = { serviceUrl };
    this.page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        this.sent.push((JSON.parse(String(payload)) as { type: string }).type);
      }),
    );
  }

  /** Until the end of the test. */
  static async open(shown: ComponentPage, serviceUrl: string): Promise<ChatDriver> {
    const driver = new ChatDriver(shown, serviceUrl);
    onTestFinished(async () => {
      shown.page.removeAllListeners('websocket');
      await shown.end();
    });
    await shown.begin({ serviceUrl });
    await driver.idle();
    return driver;
  }

  /** A page for {@link ChatDriver.open}. */
  static loadPage(): Promise<ComponentPage> {
    return ComponentPage.load(new URL('react-chat-page.js', import.meta.url));
  }

  view(): Promise<ChatView> {
    return this.page.evaluate('globalThis.view');
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
    await this.#shown.reload(this.#values);
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
