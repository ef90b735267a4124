import { once } from 'node:events';
import { createServer } from 'node:http';
import { planIn, tokensOfStep } from './plan.js';
import { sleep } from '../../bench/lib/clock.js';

/** Between two tokens, in milliseconds. */
export const TOKEN_MS = 40;

/** A model over HTTP that speaks OpenAI's streaming API, gives the answer of the plan in the question, and counts. */
export class Upstream {
  /** Model calls by run id. @type {Map<string, { step: number, state: 'open' | 'done' | 'aborted' }[]>} */
  calls = new Map();
  #server;

  static async start() {
    const upstream = new Upstream();
    upstream.#server.listen(0, '127.0.0.1');
    await once(upstream.#server, 'listening');
    return upstream;
  }

  constructor() {
    this.#server = createServer({ noDelay: true }, (request, response) => {
      this.#answer(request, response).catch((error) => response.destroy(error));
    });
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/v1`;
  }

  /** Calls in this state, of one run or of all. */
  count(state, runId) {
    const calls = runId === undefined ? [...this.calls.values()].flat() : (this.calls.get(runId) ?? []);
    return calls.filter((call) => call.state === state).length;
  }

  async close() {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { messages, model } = JSON.parse(Buffer.concat(chunks).toString());
    const plan = planIn(messages.findLast(({ role }) => role === 'user').content);
    const step = messages.at(-1).role === 'tool' ? 1 : 0;
    const call = { step, state: 'open' };
    this.calls.set(plan.id, [...(this.calls.get(plan.id) ?? []), call]);
    response.once('close', () => {
      if (call.state === 'open') call.state = 'aborted';
    });
    const send = (delta, finish_reason = null) => {
      const body = { id: 'chaos', object: 'chat.completion.chunk', created: 1, model };
      response.write(`data: ${JSON.stringify({ ...body, choices: [{ index: 0, delta, finish_reason }] })}\n\n`);
    };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const content of tokensOfStep(plan, step)) {
      send({ content });
      await sleep(TOKEN_MS);
      if (response.destroyed) return;
    }
    if (plan.tool && step === 0) {
      const name = 'append_line';
      send({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name, arguments: '{}' } }] });
      send({}, 'tool_calls');
    } else send({}, 'stop');
    call.state = 'done';
    response.end('data: [DONE]\n\n');
  }
}
