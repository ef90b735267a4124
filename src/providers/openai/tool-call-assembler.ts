import { randomUUID } from 'node:crypto';
import { AgentSocketError } from '../../protocol/agent-socket-error.js';
import type { JsonObject } from '../../tool/llm-tool.js';
import type { LlmPart } from '../../agent/llm-provider.js';
import { callFields } from './provider-data.js';

/** Maximum number of characters in all calls of one answer. */
const MAX_CHARACTERS = 16 * 1024 * 1024;
/** What a call counts besides its text, so that endlessly many empty calls reach the limit, too. */
const CALL_COST = 1024;

/** A piece of a call, as any server may send it. */
export interface ToolCallDelta {
  readonly index?: unknown;
  readonly id?: unknown;
  readonly function?: { readonly name?: unknown; readonly arguments?: unknown } | null;
}

interface Assembly {
  id: string;
  name: string;
  arguments: string;
  providerData: JsonObject | undefined;
}

/** Length of generated ids: every server accepts nine characters, and Mistral no other length. */
const ID_LENGTH = 9;

/**
 * Assembles tool calls from their pieces. A piece names its call by `index`. If a server omits the index, or gives
 * every call index 0, a new id begins a new call, and any other piece continues the last call.
 */
export class ToolCallAssembler {
  readonly #calls: Assembly[] = [];
  readonly #byIndex = new Map<unknown, Assembly>();
  #characters = 0;

  get size(): number {
    return this.#calls.length;
  }

  /** @throws AgentSocketError `output_too_large` if the calls become too large. */
  add(delta: ToolCallDelta): void {
    const id = typeof delta.id === 'string' ? delta.id : '';
    const name = typeof delta.function?.name === 'string' ? delta.function.name : '';
    const text = argumentsText(delta.function?.arguments);
    const call = this.#find(delta.index, id, name, text);
    if (call.id === '') call.id = id;
    if (name !== '') call.name = name;
    call.arguments += text;
    call.providerData = callFields(delta, call.providerData);
    this.#characters += text.length + name.length;
    if (this.#characters + this.#calls.length * CALL_COST > MAX_CHARACTERS) {
      throw new AgentSocketError('output_too_large', 'The model calls tools without end.');
    }
  }

  /** Returns the calls in order, each with a unique id. Empty arguments become `{}`. */
  finish(): LlmPart[] {
    const seen = new Set<string>();
    return this.#calls.map((call) => {
      let { id } = call;
      while (id === '' || seen.has(id)) id = randomUUID().replaceAll('-', '').slice(0, ID_LENGTH);
      seen.add(id);
      return {
        type: 'tool-call',
        id,
        name: call.name,
        arguments: call.arguments === '' ? '{}' : call.arguments,
        ...(call.providerData !== undefined && { providerData: call.providerData }),
      };
    });
  }

  #find(index: unknown, id: string, name: string, text: string): Assembly {
    const known = typeof index === 'number' ? this.#byIndex.get(index) : this.#calls.at(-1);
    if (known !== undefined && !begins(known, index, { id, name, text })) return known;
    const call: Assembly = { id: '', name: '', arguments: '', providerData: undefined };
    this.#calls.push(call);
    if (typeof index === 'number') this.#byIndex.set(index, call);
    return call;
  }
}

/** Whether a piece begins a new call although its index or position points to `known`. */
function begins(
  known: Assembly,
  index: unknown,
  { id, name, text }: { readonly id: string; readonly name: string; readonly text: string },
): boolean {
  const isNumbered = typeof index === 'number';
  // Some servers number every call 0 and send no id: a name with arguments after complete arguments begins a call.
  if (id === '') return name !== '' && (!isNumbered || (text !== '' && isWhole(known.arguments)));
  // Some gateways generate an id for every piece; a new call has a name.
  if (isNumbered && name === '') return false;
  const late = known.id === '' && (known.name === '' || name === '');
  return id !== known.id && !late;
}

function isWhole(text: string): boolean {
  if (!text.endsWith('}')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function argumentsText(value: unknown): string {
  if (typeof value === 'string') return value;
  // Some servers send arguments as an object instead of a string.
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : '';
}
