import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { defineTool, type Logger, type Store, type Tool, type ToolContext } from '../../../src/index.js';
import type { ServerMessage, ServerMessageOf, ServerMessageType } from '../../../src/protocol/server-messages.js';
import { createOpenAiProvider } from '../../../src/providers/openai.js';
import { createSqliteStore } from '../../../src/stores/sqlite.js';
import { createRandom, TestClient, type Random } from '../../../src/testing/index.js';
import { startServer, type TestServer } from '../server.js';
import { leftBy, temporaryDatabase } from '../sqlite.js';
import { MODELS, MoodyUpstream } from './moody-upstream.js';

type Message = ServerMessageOf<'history'>['messages'][number];

const CONVERSATIONS = ['c1', 'c2', 'c3'];
const QUESTIONS = ['What is 1 + 1?', '你好', 'half \ud83d', '...', 'Tell me. '.repeat(100)];
const IMAGE = { type: 'image', media_type: 'image/png', data: 'iVBORw0KGgo=' };

/** The kinds of steps, by their frequency. */
const STEPS = ['ask', 'ask', 'ask', 'ask', 'anew', 'edit', 'branch', 'stop', 'stop', 'stop', 'restart'] as const;

/** What happens to a question that is not read to its end. */
const STOPS = ['cancel', 'cancel at once', 'interrupt', 'restart', 'kill'] as const;

/** What a person does who is asked for approval. */
const DECISIONS = ['approve', 'approve', 'approve', 'refuse', 'refuse', 'cancel', 'restart', 'kill'] as const;

interface Question extends Record<string, unknown> {
  readonly run_id: string;
}

/**
 * A client that asks, stops, regenerates, edits and changes branches in three conversations at random, while the
 * service is restarted and killed now and then. Throws if a message has changed or is lost.
 */
export class Walk {
  /** The steps so far, the newest last. */
  readonly taken: string[] = [];
  /** Errors in the log of the service. */
  readonly errors: unknown[] = [];
  readonly upstream: MoodyUpstream;
  readonly #random: Random;
  /** Every message ever seen, by conversation. */
  readonly #known = new Map<string, Map<string, Message>>();
  #path = temporaryDatabase();
  #service: { readonly store: Store; readonly server: TestServer; readonly client: TestClient } | undefined;
  #restarting: Promise<void> | undefined;

  private constructor(random: Random, upstream: MoodyUpstream) {
    this.#random = random;
    this.upstream = upstream;
  }

  static async begin(seed: number): Promise<Walk> {
    const upstream = await MoodyUpstream.start(createRandom(seed + 1_000));
    onTestFinished(() => upstream.close());
    const walk = new Walk(createRandom(seed), upstream);
    await walk.#open();
    return walk;
  }

  async step(): Promise<void> {
    const random = this.#random;
    const kind = random.pick(STEPS);
    const conversation = random.pick(CONVERSATIONS);
    const messages = (await this.#history(conversation)).filter(({ role }) => role !== 'tool');
    const at = messages.length === 0 ? undefined : random.int(0, messages.length - 1);
    const spot = at === undefined ? undefined : messages[at];
    const asked = messages.slice(0, (at ?? 0) + 1).findLast(({ role }) => role === 'user');
    if (kind === 'ask') await this.#end(this.#question(conversation));
    else if (kind === 'anew') await this.#end(this.#question(conversation, { of: spot, query: asked?.content }));
    else if (kind === 'edit') await this.#end(this.#question(conversation, { of: spot }));
    else if (kind === 'branch') await this.#turnTo(conversation);
    else if (kind === 'stop') await this.#stop(conversation, random.chance(0.3) ? spot : undefined);
    else await this.#restart(random.pick(['restart', 'kill']));
    await this.#history(conversation);
  }

  /** Selects every message that ever existed. */
  async turnToAll(): Promise<number> {
    let count = 0;
    for (const [conversation, known] of this.#known) {
      for (const { id } of known.values()) {
        await this.#request(
          { type: 'select_branch', conversation_id: conversation, message_id: id },
          'branch_selected',
        );
        const shown = await this.#history(conversation);
        if (!shown.some((message) => message.id === id)) throw new Error(`${id} of ${conversation} is not shown`);
        count++;
      }
    }
    return count;
  }

  get #client(): TestClient {
    if (this.#service === undefined) throw new Error('There is no service');
    return this.#service.client;
  }

  #question(
    conversation: string,
    { of, query }: { of?: Message | undefined; query?: string | undefined } = {},
  ): Question {
    const random = this.#random;
    return {
      type: random.pick(['streaming_query', 'streaming_query', 'agent_query']),
      query: query ?? random.pick(QUESTIONS),
      run_id: randomUUID(),
      conversation_id: conversation,
      model: random.pick(Object.keys(MODELS)),
      ...(of !== undefined && { replace_from: of.id }),
      ...(query === undefined && random.chance(0.1) && { attachments: [IMAGE] }),
    };
  }

  /** Asks, answers approval requests, and waits for the end, also across restarts. */
  async #end(question: Question): Promise<void> {
    this.#note('ask', question);
    for (;;) {
      const client = this.#client;
      try {
        await this.#endWith(client, question);
        return;
      } catch (error) {
        await this.#restarting;
        if (client === this.#client) throw error;
      }
    }
  }

  async #endWith(client: TestClient, question: Question): Promise<void> {
    const end = client.ask(question);
    const decided = new Set<string>();
    for (;;) {
      const asked = client.next(
        'approval_request',
        (request) => request.run_id === question.run_id && !decided.has(request.tool_call_id),
      );
      asked.catch(() => undefined);
      const message = await Promise.race([end, asked]);
      if (message.type !== 'approval_request') {
        this.#check(message);
        return;
      }
      const { run_id, tool_call_id } = message;
      decided.add(tool_call_id);
      const decision = this.#random.pick(DECISIONS);
      this.#note(decision, { run_id });
      if (decision === 'cancel') client.send({ type: 'cancel', run_id });
      else if (decision === 'restart' || decision === 'kill') {
        end.catch(() => undefined);
        await this.#restart(decision);
      } else client.send({ type: 'approval', run_id, tool_call_id, approved: decision === 'approve' });
    }
  }

  /** Asks, and ends the run at a random point. */
  async #stop(conversation: string, of: Message | undefined): Promise<void> {
    const how = this.#random.pick(STOPS);
    const question = this.#question(conversation, { of });
    const stalled = new Promise<void>((resolve) => (this.upstream.onStall = resolve));
    const end = this.#end(question);
    if (how !== 'cancel at once') await Promise.race([stalled, end]);
    this.upstream.onStall = undefined;
    this.#note(how, question);
    await this.#restarting;
    if (how === 'interrupt') await this.#end({ ...this.#question(conversation), when_busy: 'interrupt' });
    else if (how === 'restart' || how === 'kill') await this.#restart(how);
    else this.#client.send({ type: 'cancel', run_id: question.run_id });
    await end;
  }

  async #turnTo(conversation: string): Promise<void> {
    const ids = [...(this.#known.get(conversation)?.keys() ?? [])];
    if (ids.length === 0) return;
    const request = { type: 'select_branch', conversation_id: conversation, message_id: this.#random.pick(ids) };
    this.#note('branch', request);
    await this.#request(request, 'branch_selected');
  }

  /** The selected branch, compared with every message ever seen. */
  async #history(conversation: string): Promise<Message[]> {
    const shown: Message[] = [];
    for (let hasMore = true; hasMore;) {
      const request = { type: 'history', conversation_id: conversation, limit: 100, before: shown[0]?.id };
      const page = await this.#request(request, 'history');
      shown.unshift(...page.messages);
      hasMore = page.has_more;
    }
    const known = this.#known.get(conversation) ?? new Map<string, Message>();
    this.#known.set(conversation, known);
    for (const [index, { siblings: _, index: __, ...message }] of shown.entries()) {
      const before = known.get(message.id);
      known.set(message.id, message);
      if (before !== undefined && !isDeepStrictEqual(before, message)) {
        throw new Error(`${JSON.stringify(before)} became ${JSON.stringify(message)}`);
      }
      if (message.parent_id !== shown[index - 1]?.id) throw new Error(`${message.id} does not follow its parent`);
    }
    return shown;
  }

  /** Ends or kills the service, and starts it with what it left. */
  #restart(how: 'restart' | 'kill'): Promise<void> {
    return (this.#restarting ??= this.#reopen(how).finally(() => (this.#restarting = undefined)));
  }

  async #reopen(how: 'restart' | 'kill'): Promise<void> {
    this.#note(how, {});
    if (how === 'kill') {
      this.#path = leftBy(this.#path);
      this.#client.socket.terminate();
    }
    await this.#close();
    await this.#open();
  }

  async #open(): Promise<void> {
    const store = await createSqliteStore({ path: this.#path });
    const server = await startServer({
      // The walk asks faster than people do.
      rateLimits: false,
      provider: createOpenAiProvider({ baseUrl: this.upstream.url, apiKey: 'key', model: 'plain', accepts: ['image'] }),
      store,
      tools: this.#tools(),
      attachments: {},
      clientMayChoose: { models: Object.keys(MODELS) },
      systemPrompt: 'Be brief.',
      maxSteps: 3,
      maxContextTokens: 2_000,
      authenticate: () => ({ id: 'ann' }),
      logger: this.#logger(),
    });
    const client = await TestClient.connect(server.url, { timeoutMs: 60_000 });
    this.#service = { store, server, client };
    onTestFinished(() => this.#close());
  }

  async #close(): Promise<void> {
    const service = this.#service;
    this.#service = undefined;
    if (service === undefined) return;
    await service.server.agent.close();
    await service.store.close();
  }

  #tools(): Tool[] {
    type Execute = (params: { readonly a: number }, context: ToolContext) => unknown;
    const params = z.object({ a: z.number() });
    const tool = (name: string, execute: Execute, needsApproval = false): Tool =>
      defineTool({ name, description: name, params, execute, needsApproval });
    return [
      tool('add', ({ a }) => a + 1),
      tool('confirm', ({ a }) => a, true),
      tool('fail', () => Promise.reject(new Error('It does not work'))),
      tool('report', ({ a }, { report }) => {
        report({ a });
        return `half \ud83d of ${a}`;
      }),
      tool('hang', async (_, { signal }) => {
        if (this.upstream.onStall === undefined) return '';
        this.upstream.onStall();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return 'stopped';
      }),
    ];
  }

  #logger(): Logger {
    const ignore = (): void => undefined;
    const error: Logger['error'] = (fields, text) => {
      if (!/^(A tool failed|The tool ledger could not settle)/.test(text)) this.errors.push([text, fields]);
    };
    return { debug: ignore, info: ignore, warn: ignore, error };
  }

  async #request<T extends ServerMessageType>(request: Record<string, unknown>, type: T): Promise<ServerMessageOf<T>> {
    const client = this.#client;
    const since = client.messages.length;
    const requestId = randomUUID();
    client.send({ ...request, request_id: requestId });
    const isReply = (message: { readonly request_id?: string | undefined }): boolean =>
      message.request_id === requestId;
    const refused = client.next('error', isReply, since).then(({ error }) => Promise.reject(new Error(error)));
    refused.catch(() => undefined);
    return Promise.race([client.next(type, (message) => isReply(message as object), since), refused]);
  }

  #check(end: ServerMessage): void {
    if (end.type !== 'error') return;
    if (/^(provider|run_interrupted|context|content)/.test(end.code)) return;
    throw new Error(`${end.code}: ${end.error}`);
  }

  #note(what: string, request: Record<string, unknown>): void {
    this.taken.push(`${what} ${JSON.stringify(request)}`);
  }
}
