import { randomUUID } from 'node:crypto';
import { AgentSocketError } from '../../protocol/agent-socket-error.js';
import type { JsonObject } from '../../tool/llm-tool.js';
import type { LlmPart } from '../../agent/llm-provider.js';
import { callFields } from './provider-data.js';

/** The most characters the calls of one answer may have together. */
const MAX_CHARACTERS = 16 * 1024 * 1024;
/** What a call counts besides its text, so that endlessly many empty ones end too. */
const CALL_COST = 1024;

/** A piece of a call, as it may come from any server. */
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

/** Characters of an id made up here: every server takes one of nine, and Mistral no other. */
const ID_LENGTH = 9;

/**
 * Puts tool calls together from their pieces. Pieces name their call by `index`; where a server leaves it out, or
 * gives every call index 0, a new id begins a new call and anything else goes on with the last one.
 */
export class ToolCallAssembler {
  readonly #calls: Assembly[] = [];
  readonly #byIndex = new Map<unknown, Assembly>();
  #characters = 0;

  get size(): number {
    return this.#calls.length;
  }

  /** @throws AgentSocketError `output_too_large` where the calls grow without end. */
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

  /** The calls in the order they began, each with an id of its own. Empty arguments stand for no params: `{}`. */
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

/** Whether a piece begins a call although `known` is the one its index (or its place) points to. */
function begins(
  known: Assembly,
  index: unknown,
  { id, name, text }: { readonly id: string; readonly name: string; readonly text: string },
): boolean {
  const isNumbered = typeof index === 'number';
  // Some servers number every call 0, and give no id: one with a name and arguments behind whole ones is the next.
  if (id === '') return name !== '' && (!isNumbered || (text !== '' && isWhole(known.arguments)));
  // Some gateways make up an id for every piece; a call begins with its name.
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
  // Some servers send the params themselves rather than their text.
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : '';
}
