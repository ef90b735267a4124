import type { HistoryMessage } from '../client/index.js';
import type { ChatScreen } from './chat-screen.js';
import { indented } from './harmless.js';

/** The actions behind the commands of a chat. */
export interface ChatActions {
  readonly history: () => Promise<readonly HistoryMessage[]>;
  /** Attaches a file to the next question; an empty path attaches nothing. Returns the names of all attached files. */
  readonly attach: (path: string) => Promise<readonly string[]>;
  /** Begins a new conversation and returns its id. */
  readonly begin: () => string;
}

const HELP = `/attach FILE  put an image or a file to the next question
/history      what was said in this conversation
/new          begin another conversation
/help         this list
/quit         leave (or Ctrl-D)
Ctrl-C stops the answer, twice leaves. Pasted lines are one question.`;

const WHO = { user: 'you', assistant: 'agent', tool: 'tool' } as const;

/** The outcome of a command: the chat continues, the chat ends, or the command failed. */
export type Outcome = 'done' | 'left' | 'failed';

/** Executes a command: a line that begins with a slash. */
export async function runCommand(line: string, screen: ChatScreen, actions: ChatActions): Promise<Outcome> {
  const [command, rest] = splitCommand(line);
  switch (command) {
    case '/quit':
    case '/exit':
      return 'left';
    case '/attach':
      return await attach(rest, screen, actions);
    case '/help':
      screen.notice(HELP);
      return 'done';
    case '/new':
      screen.notice(`Conversation ${actions.begin()}`, 'dim');
      return 'done';
    case '/history':
      return await showHistory(screen, actions.history);
    default:
      return noCommand(line, screen);
  }
}

/** The name of a command, and what follows it. */
export function splitCommand(line: string): [command: string, rest: string] {
  const [command = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(line)?.slice(1) ?? [];
  return [command, rest];
}

async function attach(path: string, screen: ChatScreen, actions: ChatActions): Promise<Outcome> {
  try {
    const names = await actions.attach(path);
    if (names.length > 0) screen.notice(`With the next question: ${names.join(', ')}`, 'dim');
    else screen.notice('Nothing is attached; /attach FILE puts a file to the next question', 'dim');
    return 'done';
  } catch (error) {
    screen.notice((error as Error).message, 'red');
    return 'failed';
  }
}

export function noCommand(line: string, screen: ChatScreen): Outcome {
  screen.notice(`There is no command ${line}; /help lists them`, 'yellow');
  return 'failed';
}

export async function showHistory(screen: ChatScreen, history: ChatActions['history']): Promise<Outcome> {
  try {
    const messages = await history();
    if (messages.length === 0) screen.notice('Nothing was said yet', 'dim');
    for (const message of messages) screen.notice(lineOf(message));
    return 'done';
  } catch (error) {
    screen.notice((error as Error).message, 'red');
    return 'failed';
  }
}

function lineOf(message: HistoryMessage): string {
  const { role, name, content, attachments = [], toolCalls = [], toolName, status, error } = message;
  // For the model, a tool that failed says so in JSON.
  const text = role === 'tool' && error !== undefined ? `failed: ${error.message}` : content;
  const calls = toolCalls.map((call) => `${call.toolName}(${call.arguments})`).join(' ');
  const files = attachments.map(({ name, mediaType }) => `[${name ?? mediaType}]`).join(' ');
  const said = indented([text, files, calls].filter((part) => part !== '').join(' '));
  return `${toolName ?? name ?? WHO[role]}: ${said}${status === undefined ? '' : ` (${status})`}`;
}
