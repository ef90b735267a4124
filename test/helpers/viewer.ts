import { randomUUID } from 'node:crypto';
import { vi } from 'vitest';
import { TestClient, type TestClose } from '../../src/testing/index.js';
import { CLIENT_SECRET_PREFIX } from '../../src/protocol/version.js';
import type { ServerMessageOf, ServerMessageType } from '../../src/protocol/index.js';
import { RunReader, type Wire } from './resume/run-reader.js';

/** A client of one run that may read it at one node after the other. It fails at the first message that does not fit. */
export class Viewer {
  readonly reader: RunReader;
  readonly secret: string;
  #client: TestClient | undefined;
  #taken = 0;

  /** @param secret - clients with the same one are one principal */
  constructor(runId: string = randomUUID(), secret: string = randomUUID()) {
    this.reader = new RunReader(runId);
    this.secret = secret;
  }

  get client(): TestClient {
    if (this.#client === undefined) throw new Error('Not connected');
    return this.#client;
  }

  /** Another client of the same principal that reads the same run. */
  another(): Viewer {
    return new Viewer(this.reader.runId, this.secret);
  }

  async connect({ url }: { readonly url: string }): Promise<this> {
    this.reader.disconnected();
    this.#client?.socket.terminate();
    this.#taken = 0;
    const protocols = [CLIENT_SECRET_PREFIX + this.secret];
    this.#client = await TestClient.connect(url, { protocols, timeoutMs: 30_000 });
    return this;
  }

  /** Asks at a node, and waits until the run is accepted, or known. */
  async ask(node: { readonly url: string }, query: string, more: object = {}): Promise<this> {
    await this.connect(node);
    this.client.send({ ...this.reader.query(query), ...more });
    await this.until(() => this.client.all('accepted').length + this.client.all('resumed').length > 0);
    return this;
  }

  /** Reads on at a node. */
  async resume(node: { readonly url: string }): Promise<this> {
    await this.connect(node);
    this.client.send(this.reader.resume() as Record<string, unknown>);
    await this.until(() => this.client.all('resumed').length > 0);
    return this;
  }

  /** Waits for something of what came on this connection. */
  async until(condition: () => boolean, timeout = 30_000): Promise<void> {
    let failure: Error | undefined;
    await vi.waitFor(
      () => {
        try {
          this.#pull();
        } catch (error) {
          failure ??= error instanceof Error ? error : new Error(String(error));
        }
        if (failure === undefined && !condition()) throw new Error(`Not so yet: ${this.#story()}`);
      },
      { timeout },
    );
    if (failure instanceof Error) throw failure;
  }

  async next<T extends ServerMessageType>(type: T): Promise<ServerMessageOf<T>> {
    await this.until(() => this.client.all(type).length > 0);
    return this.client.next(type);
  }

  /** Waits for the end of the run. Returns the last message. */
  async end(timeout = 30_000): Promise<Wire> {
    await this.until(() => this.reader.end !== undefined, timeout);
    const { runId } = this.reader;
    const last = this.client.messages.findLast((message) => 'run_id' in message && message.run_id === runId);
    return last as unknown as Wire;
  }

  /** Waits until so many characters of the answer are here. */
  async shows(length: number, timeout = 30_000): Promise<void> {
    await this.until(() => this.text.length >= length, timeout);
  }

  /** Waits until the node ends the connection. */
  async closed(): Promise<TestClose> {
    const end = await this.client.closed;
    this.#pull();
    return end;
  }

  get text(): string {
    return this.reader.text('stream_chunk');
  }

  #pull(): void {
    const { messages } = this.client;
    while (this.#taken < messages.length) this.reader.receive(messages[this.#taken++] as unknown as Wire);
  }

  #story(): string {
    return this.client.frames.slice(-3).join('\n').slice(-1_000);
  }
}
