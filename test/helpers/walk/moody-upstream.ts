import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { Random } from '../../../src/testing/index.js';
import { refusal, type ChatBody } from '../chat-rules.js';
import { startOpenAiUpstream, type OpenAiUpstream, type Script } from '../openai-upstream.js';

/** The models of the upstream, each with the fields it sends and requires back. */
export const MODELS = {
  plain: [],
  thinking: ['reasoning_content'],
  signing: ['extra_content', 'reasoning_details', 'reasoning'],
} as const;

type Model = keyof typeof MODELS;

/** Names that models call, most of them of existing tools. */
const TOOLS = ['add', 'add', 'fail', 'report', 'confirm', 'hang', 'gone', 'no name!'];
const IDS = ['call_1', 'call_1', 'c'.repeat(60), '', undefined];
const TEXTS = ['Well, ', 'that is it.', '  ', '\n', 'half \ud83d', '你好', '{"tool":"add"}', '</think>'];

/** A server that answers at random, also in invalid ways, and checks every request as strict servers do. */
export class MoodyUpstream {
  /** Why strict servers would have refused requests. */
  readonly refusals: string[] = [];
  requests = 0;
  /** Called if an answer stops in the middle; `undefined` lets no answer stop. */
  onStall: (() => void) | undefined;
  readonly #random: Random;
  #server: OpenAiUpstream | undefined;

  private constructor(random: Random) {
    this.#random = random;
  }

  static async start(random: Random): Promise<MoodyUpstream> {
    const upstream = new MoodyUpstream(random);
    upstream.#server = await startOpenAiUpstream((body) => upstream.#reply(body as unknown as ChatRequest));
    return upstream;
  }

  get url(): string {
    return this.#server?.url ?? '';
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  #reply(body: ChatRequest): Script {
    this.requests++;
    const why = refusal(body, MODELS[body.model]) ?? missing(body);
    // The rule of DeepSeek V4, which a provider learns from this refusal.
    if (why === undefined && body.model === 'thinking' && lacksReasoning(body)) return unthinking();
    if (why !== undefined) this.refusals.push(`${why}\n${JSON.stringify(body, undefined, 1)}`);
    const random = this.#random;
    if (random.chance(0.06)) return failed(random.pick([400, 401, 429, 500, 503]));
    if (random.chance(0.02)) return { raw: 'reset' };
    const hasTools = (body.tools ?? []).length > 0;
    const events = this.#events(body.model, hasTools && random.chance(0.55));
    // The answer ends too early.
    const cutAt = random.chance(0.12) ? random.int(0, events.length) : undefined;
    const stallAt = this.onStall !== undefined && random.chance(0.4) ? random.int(0, events.length) : undefined;
    return { raw: (_, response) => this.#play(events, response, { cutAt, stallAt }) };
  }

  async #play(
    events: readonly object[],
    response: ServerResponse,
    { cutAt, stallAt }: { cutAt: number | undefined; stallAt: number | undefined },
  ): Promise<void> {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    for (const [index, event] of events.entries()) {
      if (response.destroyed) return;
      if (index === stallAt) return this.onStall?.();
      if (index === cutAt) {
        if (this.#random.chance(0.5)) response.destroy();
        else response.end('data: {"error":{"message":"The engine is overloaded"}}\n\n');
        return;
      }
      response.write(`data: ${JSON.stringify(event)}\n\n`);
      if (this.#random.chance(0.3)) await setImmediate();
    }
    response.end('data: [DONE]\n\n');
  }

  #events(model: Model, calls: boolean): object[] {
    const random = this.#random;
    const delta = (fields: object): object => ({ choices: [{ index: 0, delta: fields, finish_reason: null }] });
    const events: object[] = [];
    const thinks = calls || random.chance(0.7);
    if (model === 'thinking' && thinks) events.push(delta({ reasoning_content: 'Hm. ' }));
    if (model === 'signing' && thinks) {
      const details = [{ type: 'reasoning.text', text: 'So. ', signature: `s${random.int(0, 999)}`, index: 0 }];
      events.push(delta({ reasoning: 'So. ', reasoning_details: details }));
    }
    const texts = random.int(calls ? 0 : 1, 3);
    for (let i = 0; i < texts; i++) events.push(delta({ content: random.pick(TEXTS) }));
    const made = calls ? random.int(1, 3) : 0;
    for (let index = 0; index < made; index++) events.push(delta({ tool_calls: [{ index, ...this.#call(model) }] }));
    const usual = calls ? 'tool_calls' : 'stop';
    const reason = random.chance(0.85) ? usual : random.pick(['length', 'content_filter', 'stop', 'error']);
    events.push({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });
    if (random.chance(0.7)) events.push({ choices: [], usage: { prompt_tokens: 10, completion_tokens: 5 } });
    return events;
  }

  #call(model: Model): object {
    const random = this.#random;
    const id = random.pick(IDS);
    const whole = JSON.stringify({ a: random.int(0, 99), by: model });
    const broken = random.pick(['', 'null', '{"a":1,', '[1]', '"x"', '{"a":"\\ud800"}', '{"a":"one"}']);
    return {
      ...(id !== undefined && { id }),
      type: 'function',
      function: { name: random.pick(TOOLS), arguments: random.chance(0.8) ? whole : broken },
      ...(model === 'signing' && { extra_content: { google: { thought_signature: `t${random.int(0, 999)}` } } }),
    };
  }
}

interface ChatRequest extends ChatBody {
  readonly model: Model;
}

function failed(status: number): Script {
  const body = { error: { message: 'No', type: 'some_error' } };
  return { status, body, headers: { 'retry-after-ms': '1' } };
}

function lacksReasoning({ messages, tools = [] }: ChatRequest): boolean {
  const answers = messages.filter(({ role }) => role === 'assistant');
  return tools.length > 0 && answers.some((answer) => (answer['reasoning_content'] ?? '') === '');
}

function unthinking(): Script {
  const message = 'The `reasoning_content` in the thinking mode must be passed back to the API.';
  return { status: 400, body: { error: { message, type: 'invalid_request_error' } } };
}

/** What a model requires back with its calls, and did not get. */
function missing({ model, messages }: ChatRequest): string | undefined {
  const field = { plain: undefined, thinking: 'reasoning_content', signing: 'reasoning_details' }[model];
  for (const [index, message] of messages.entries()) {
    const own = (message.tool_calls ?? []).filter((call) =>
      String(call.function.arguments).includes(`"by":"${model}"`),
    );
    if (own.length === 0) continue;
    if (field !== undefined && !(field in message)) return `messages[${index}]: no ${field}`;
    if (model === 'signing' && !own.every((call) => 'extra_content' in call)) return `messages[${index}]: no signature`;
  }
  return undefined;
}
