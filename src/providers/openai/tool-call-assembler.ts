import { randomUUID } from 'node:crypto';
import { AgentSocketError } from '../../protocol/agent-socket-error.js';
import type { JsonObject } from '../../tool/llm-tool.js';
import type { LlmPart } from '../../agent/llm-provider.js';
import { argumentObjects, isWholeObject } from './argument-objects.js';
import { callFields } from './provider-data.js';

/** Maximum number of characters in all calls of one answer. */
const MAX_CHARACTERS = 16 * 1024 * 1024;
/** What a call counts besides its text, so that endlessly many empty calls reach the limit, too. */
const CALL_COST = 1024;

/** A piece of a call, as any server may send it. */
export interface ToolCallDelta extends NamedDelta {
  readonly index?: unknown;
  readonly id?: unknown;
  readonly function?: NamedDelta | null;
}

interface NamedDelta {
  readonly name?: unknown;
  readonly arguments?: unknown;
}

interface Assembly {
  id: string;
  name: string;
  arguments: string;
  providerData: JsonObject | undefined;
}

/** What was read of a delta. */
interface Piece {
  readonly id: string;
  readonly name: string;
  readonly text: string;
}

/** Length of generated ids: every server accepts nine characters, and Mistral no other length. */
const ID_LENGTH = 9;

/**
 * Assembles tool calls from their pieces. A piece names its call by `index`, or by `id` if a server omits the index. If
 * a server gives every call index 0, a new id begins a new call. Any other piece continues the last call, or in a chunk with
 * pieces of several calls the one whose piece had the same place before.
 */
export class ToolCallAssembler {
  readonly #calls: Assembly[] = [];
  /** The newest call of each index, and of each id without an index. */
  readonly #known = new Map<string, Assembly>();
  /** The newest call of each place in a chunk. */
  readonly #places: Assembly[] = [];
  #characters = 0;

  /**
   * Takes the pieces of one chunk.
   * @throws AgentSocketError `output_too_large` if the calls become too large.
   */
  add(deltas: readonly ToolCallDelta[]): void {
    for (const [place, delta] of deltas.entries()) {
      const before = deltas.length > 1 ? this.#places[place] : undefined;
      this.#places[place] = this.#addOne(delta, before ?? this.#calls.at(-1));
    }
  }

  /** @param last - the call that a piece continues that does not say which it belongs to */
  #addOne(delta: ToolCallDelta, last: Assembly | undefined): Assembly {
    const id = typeof delta.id === 'string' ? delta.id : '';
    // Cloudflare sends name and arguments beside the id.
    const named = delta.function ?? delta;
    const name = typeof named.name === 'string' ? named.name : '';
    const text = argumentsText(named.arguments);
    const call = this.#find(indexOf(delta), { id, name, text }, last);
    if (call.id === '') call.id = id;
    // The name comes once, again in every piece, or in pieces.
    call.name = name.startsWith(call.name) ? name : call.name + name;
    call.arguments += text;
    call.providerData = callFields(delta, call.providerData);
    this.#characters += text.length + name.length;
    if (this.#characters + this.#calls.length * CALL_COST > MAX_CHARACTERS) {
      throw new AgentSocketError('output_too_large', 'The model calls tools without end.');
    }
    return call;
  }

  /**
   * Returns the calls in order, each with a unique id. Empty arguments become `{}`. A piece without name and arguments is
   * not a call.
   */
  finish(): Extract<LlmPart, { type: 'tool-call' }>[] {
    const seen = new Set<string>();
    return this.#calls
      .filter(({ name, arguments: text }) => name !== '' || text !== '')
      .flatMap((call) => argumentObjects(call.arguments).map((text) => ({ ...call, arguments: text })))
      .map(({ name, arguments: text, providerData, ...call }) => {
        let { id } = call;
        while (id === '' || seen.has(id)) id = randomUUID().replaceAll('-', '').slice(0, ID_LENGTH);
        seen.add(id);
        return { type: 'tool-call', id, name, arguments: text, ...(providerData !== undefined && { providerData }) };
      });
  }

  #find(index: string | undefined, piece: Piece, last: Assembly | undefined): Assembly {
    const key = index ?? `id ${piece.id}`;
    let call = this.#known.get(key) ?? (index === undefined ? last : undefined);
    if (call === undefined || begins(call, index !== undefined, piece)) {
      call = { id: '', name: '', arguments: '', providerData: undefined };
      this.#calls.push(call);
    }
    if (index !== undefined || piece.id !== '') this.#known.set(key, call);
    return call;
  }
}

/** The index as text, since some servers send it so; `undefined` if there is none. */
function indexOf({ index }: ToolCallDelta): string | undefined {
  return typeof index === 'number' || (typeof index === 'string' && index !== '') ? String(index) : undefined;
}

/** Whether a piece begins a new call although its index, id or position points to `known`. */
function begins(known: Assembly, isNumbered: boolean, { id, name, text }: Piece): boolean {
  // Some servers number every call 0 and send no id, or the same: a name with arguments after complete arguments.
  const isNext = (): boolean => name !== '' && text !== '' && isWholeObject(known.arguments);
  if (id === '') return isNumbered ? isNext() : name !== '';
  if (id === known.id) return name !== known.name && isNext();
  // Some gateways generate an id for every piece; a new call has a name.
  if (isNumbered && name === '') return false;
  const isLate = known.id === '' && (known.name === '' || name === '');
  return !isLate;
}

function argumentsText(value: unknown): string {
  if (typeof value === 'string') return value;
  // Some servers send arguments as an object instead of a string.
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : '';
}
