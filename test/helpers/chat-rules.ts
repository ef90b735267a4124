/** The part of a Chat Completions request that the rules read. */
export interface ChatBody {
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly unknown[];
  readonly tool_choice?: unknown;
}

interface ChatMessage {
  readonly [field: string]: unknown;
  readonly role: string;
  readonly content?: unknown;
  readonly tool_calls?: readonly ChatCall[];
  readonly tool_call_id?: unknown;
}

interface ChatCall {
  readonly id: unknown;
  readonly type: unknown;
  readonly function: { readonly name: unknown; readonly arguments: unknown };
}

/** Why a server refuses a request; `undefined` if it accepts the request. */
export type ChatRule = (body: ChatBody) => string | undefined;

/** What OpenAI and Azure refuse. */
export const refusedByOpenAi: ChatRule = ({ messages, tools, tool_choice: choice }) => {
  if (messages.length === 0) return 'messages: empty';
  if (tools?.length === 0) return 'tools: empty';
  if (choice !== undefined && tools === undefined) return 'tool_choice: without tools';
  const seen = new Set<unknown>();
  let open = new Set<unknown>();
  for (const [i, message] of messages.entries()) {
    const at = `messages[${i}]`;
    if (message.role === 'tool') {
      if (!open.delete(message.tool_call_id)) return `${at}: answers no call before it`;
      if (typeof message.content !== 'string') return `${at}.content: no text`;
      continue;
    }
    if (open.size > 0) return `${at}: calls before it have no result`;
    const calls = message.tool_calls;
    if (calls === undefined) {
      const refusal = contentRefusal(message.content);
      if (refusal !== undefined) return `${at}.content: ${refusal}`;
      continue;
    }
    if (message.role !== 'assistant') return `${at}.tool_calls: not of an assistant`;
    if (calls.length === 0) return `${at}.tool_calls: empty`;
    if (message.content !== null && typeof message.content !== 'string') return `${at}.content: no text`;
    for (const [j, call] of calls.entries()) {
      const refusal = callRefusal(call, seen);
      if (refusal !== undefined) return `${at}.tool_calls[${j}]${refusal}`;
      seen.add(call.id);
    }
    open = new Set(calls.map(({ id }) => id));
  }
  return open.size > 0 ? 'messages: the last calls have no result' : undefined;
};

function contentRefusal(content: unknown): string | undefined {
  if (Array.isArray(content)) return content.length === 0 ? 'no parts' : undefined;
  if (typeof content !== 'string') return 'neither text nor parts';
  return content.trim() === '' ? 'empty' : undefined;
}

function callRefusal({ id, type, function: called }: ChatCall, seen: ReadonlySet<unknown>): string | undefined {
  if (typeof id !== 'string' || id === '' || id.length > 40) return `.id: ${String(id).length} characters`;
  if (seen.has(id)) return `.id: ${id} twice`;
  if (type !== 'function') return '.type: no function';
  if (typeof called.name !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(called.name)) return '.function.name: no name';
  return typeof called.arguments === 'string' ? undefined : '.function.arguments: no text';
}

/**
 * What chat templates with alternating roles refuse (Gemma, Mistral, older DeepSeek), and servers that parse the
 * arguments of earlier calls, or the text as UTF-8 (vLLM, llama.cpp, Ollama).
 */
export const refusedByAlternatingRoles: ChatRule = ({ messages }) => {
  const from = messages[0]?.role === 'system' ? 1 : 0;
  let before: string | undefined;
  for (const [index, { role, content, tool_calls: calls = [] }] of messages.slice(from).entries()) {
    const at = `messages[${index + from}]`;
    if (!MAY_FOLLOW[before ?? 'nothing']?.includes(role)) return `${at}: ${role} after ${before ?? 'nothing'}`;
    if (role === 'tool' && before === undefined) return `${at}: a result comes first`;
    if (holdsHalfACharacter(content)) return `${at}.content: no UTF-8`;
    for (const { function: called } of calls) {
      if (!isObjectText(called.arguments)) return `${at}: arguments are no JSON object`;
    }
    before = role === 'assistant' && calls.length > 0 ? 'calls' : role;
  }
  if (before !== 'user' && before !== 'tool') return `messages: ${before ?? 'nothing'} comes last`;
  return undefined;
};

const MAY_FOLLOW: Readonly<Record<string, readonly string[]>> = {
  nothing: ['user'],
  user: ['assistant'],
  assistant: ['user'],
  calls: ['tool'],
  tool: ['tool', 'assistant'],
};

function holdsHalfACharacter(content: unknown): boolean {
  let found = false;
  JSON.stringify(content, (_key, value: unknown) => {
    found ||= typeof value === 'string' && /\p{Surrogate}/u.test(value);
    return value;
  });
  return found;
}

function isObjectText(text: unknown): boolean {
  try {
    const value: unknown = JSON.parse(String(text));
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** Fields that every server knows, by their place. */
const FIELDS = {
  body: ['model', 'messages', 'temperature', 'tools', 'tool_choice', 'stream', 'stream_options'],
  message: ['role', 'content', 'tool_calls', 'tool_call_id'],
  call: ['id', 'type', 'function'],
  function: ['name', 'arguments'],
} as const;

/** What a server refuses that knows only the fields of the first Chat Completions and those that it `sent` itself. */
export function refusedForUnknownFields(sent: readonly string[] = []): ChatRule {
  const unknown = (at: string, value: object, known: readonly string[]): string | undefined => {
    const field = Object.keys(value).find((key) => !known.includes(key) && !sent.includes(key));
    return field === undefined ? undefined : `${at}.${field}: unknown`;
  };
  return (body) => {
    const refusals = [unknown('body', body, FIELDS.body)];
    for (const [i, message] of body.messages.entries()) {
      refusals.push(unknown(`messages[${i}]`, message, FIELDS.message));
      for (const call of message.tool_calls ?? []) {
        refusals.push(unknown(`messages[${i}].tool_calls`, call, FIELDS.call));
        refusals.push(unknown(`messages[${i}].tool_calls.function`, call.function, FIELDS.function));
      }
    }
    return refusals.find((refusal) => refusal !== undefined);
  };
}

/** What at least one of the three refuses. */
export function refusal(body: ChatBody, sent: readonly string[] = []): string | undefined {
  for (const rule of [refusedByOpenAi, refusedByAlternatingRoles, refusedForUnknownFields(sent)]) {
    const why = rule(body);
    if (why !== undefined) return why;
  }
  return undefined;
}
