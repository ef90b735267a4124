import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { play } from './openai-upstream/play.js';
import { scripts, type ChatBody, type Script } from './openai-upstream/script.js';

export { Gate } from './openai-upstream/gate.js';
export { scripts, type ChatBody, type Script } from './openai-upstream/script.js';

/** One request the upstream received. */
export interface UpstreamRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: ChatBody;
  /** Resolves if the client aborts the request before the answer is complete. */
  readonly aborted: Promise<void>;
  /** Resolves when the answer has been sent, or the client has disconnected. */
  readonly closed: Promise<void>;
}

/** An HTTP server that speaks OpenAI's streaming API and follows scripts. */
export interface OpenAiUpstream {
  /** The base URL: `http://127.0.0.1:<port>/v1`. */
  readonly url: string;
  /** All requests received so far. */
  readonly requests: readonly UpstreamRequest[];
  /** Number of requests that the client aborted. */
  readonly abortedCount: number;
  /** Number of requests in progress. */
  readonly openCount: number;
  /** Number of TCP connections accepted so far. */
  readonly connectionCount: number;
  /** The script for later requests. @default the question is echoed */
  reply(script: Script | ((body: ChatBody) => Script)): void;
  /** Scripts for the next requests, one each, before {@link reply} counts again. */
  replyOnce(...next: Script[]): void;
  /** Resolves to the `n`-th request, counted from 1, once it has arrived. */
  request(n: number): Promise<UpstreamRequest>;
  /** Drops all connections and stops. */
  close(): Promise<void>;
}

/** Starts an upstream on a free port of 127.0.0.1. */
export async function startOpenAiUpstream(
  script: Script | ((body: ChatBody) => Script) = scripts.echo,
): Promise<OpenAiUpstream> {
  const requests: UpstreamRequest[] = [];
  const queue: Script[] = [];
  const awaited: { n: number; resolve: (request: UpstreamRequest) => void }[] = [];
  let reply = script;
  let abortedCount = 0;
  let openCount = 0;
  let connectionCount = 0;

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const aborted = new Promise<void>((resolve) => {
      openCount++;
      response.once('close', () => {
        openCount--;
        if (response.writableFinished) return;
        abortedCount++;
        resolve();
      });
    });
    const closed = new Promise<void>((resolve) => response.once('close', resolve));
    const body = await readBody(incoming);
    const request: UpstreamRequest = { path: incoming.url ?? '', headers: incoming.headers, body, aborted, closed };
    requests.push(request);
    for (const { n, resolve } of awaited) if (n === requests.length) resolve(request);
    const chosen = queue.shift() ?? (typeof reply === 'function' ? reply(body) : reply);
    if ('status' in chosen) {
      const text = typeof chosen.body === 'string' ? chosen.body : JSON.stringify(chosen.body ?? {});
      const type = typeof chosen.body === 'string' ? 'text/html' : 'application/json';
      response.writeHead(chosen.status, { 'content-type': type, ...chosen.headers }).end(text);
    } else if (!('raw' in chosen)) await play(chosen, body, response);
    else if (chosen.raw === 'reset') incoming.socket.resetAndDestroy();
    else if (chosen.raw !== 'silence') await chosen.raw(incoming, response);
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.on('connection', (socket) => {
    connectionCount++;
    socket.setNoDelay(true);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    get abortedCount() {
      return abortedCount;
    },
    get openCount() {
      return openCount;
    },
    get connectionCount() {
      return connectionCount;
    },
    reply(next) {
      reply = next;
    },
    replyOnce(...next) {
      queue.push(...next);
    },
    request(n) {
      const known = requests[n - 1];
      return known === undefined ? new Promise((resolve) => awaited.push({ n, resolve })) : Promise.resolve(known);
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function readBody(incoming: IncomingMessage): Promise<ChatBody> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as ChatBody;
}
