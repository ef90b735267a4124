import type { MessageSpec } from '../catalog.js';
import { type Message, parseMessage } from './frames.js';

/** What a client may send, in groups, and the examples of it. */

/** A message that the document of the server describes. */
export type MessageExample = Pick<MessageSpec, 'type' | 'schema' | 'example'>;

/** The types of each group. `other`: types that the page does not know. */
const GROUPS = {
  talk: 'streaming_query agent_query tool_call approval cancel',
  runs: 'list_runs resume',
  conversations: 'watch history select_branch attachment list_conversations update_conversation delete_conversation',
  rooms: 'join room_message presence leave',
  connection: 'ping auth',
  other: '',
};
type GroupName = keyof typeof GROUPS;

/** What a client without the subprotocol may send, and the fields of it. */
const CORE: ReadonlySet<string> = new Set(['ping', 'agent_query', 'streaming_query', 'tool_call', 'cancel']);
const CORE_FIELDS: ReadonlySet<string> = new Set(['type', 'query', 'tool_name', 'params']);

/** The examples in their groups, without empty groups. */
export function groupMessages(examples: readonly MessageExample[], isCore: boolean) {
  const offered = examples.filter(({ type }) => !isCore || CORE.has(type));
  const known = Object.values(GROUPS).join(' ').split(' ');
  return Object.entries(GROUPS)
    .map(([name, types]) => {
      const others = offered.filter(({ type }) => !known.includes(type));
      const own = types.split(' ').flatMap((type) => offered.filter((example) => example.type === type));
      return { name: name as GroupName, examples: name === 'other' ? others : own };
    })
    .filter((group) => group.examples.length > 0);
}

/** The text of an example, about the runs and conversations at hand. */
export function fillExample({ example }: MessageExample, isCore: boolean, atHand: Message): string {
  // A question with the id of a run that exists asks for that run: the server chooses the id of a new one.
  const isNewRun = 'query' in example || 'tool_name' in example;
  const filled = Object.entries(example)
    .filter(([name]) => !(isNewRun && name === 'run_id') && (!isCore || CORE_FIELDS.has(name)))
    .map(([name, value]) => [name, atHand[name] ?? value]);
  return JSON.stringify(Object.fromEntries(filled), null, 2);
}

/** What is wrong with a text: it is no JSON, it is no object, or it has no type. */
export function problemOf(text: string): 'invalid' | 'noObject' | 'noType' | undefined {
  try {
    JSON.parse(text);
  } catch {
    return 'invalid';
  }
  const message = parseMessage(text);
  if (message === undefined) return 'noObject';
  return typeof message['type'] === 'string' ? undefined : 'noType';
}

/** What was sent from the raw panel: ArrowUp goes back in it, ArrowDown forward, as in a shell. */
export class RawHistory {
  readonly #texts: string[] = [];
  #at = 0;
  /** What was being written before the person went back. */
  #draft = '';

  push(text: string): void {
    if (this.#texts.at(-1) !== text) this.#texts.push(text);
    this.#at = this.#texts.length;
  }

  /** The text before or after the one that is shown, or nothing at either end. */
  step(by: -1 | 1, shown: string): string | undefined {
    const to = this.#at + by;
    if (to < 0 || to > this.#texts.length) return undefined;
    if (this.#at === this.#texts.length) this.#draft = shown;
    this.#at = to;
    return this.#texts[to] ?? this.#draft;
  }
}
