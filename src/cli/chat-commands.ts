import type { HistoryMessage } from '../client/index.js';
import type { ChatScreen } from './chat-screen.js';

/** What a line that begins with a slash can do. */
export interface ChatActions {
  readonly history: () => Promise<readonly HistoryMessage[]>;
  /** Begins another conversation and gives its id. */
  readonly begin: () => string;
}

const HELP = `/history   what was said in this conversation
/new       begin another conversation
/help      this list
/quit      leave (or Ctrl-D)
Ctrl-C stops the answer, twice leaves.`;

const WHO = { user: 'you', assistant: 'agent', tool: 'tool' } as const;

/** Does what a line that begins with a slash says. Resolves to whether the chat goes on. */
export async function runCommand(line: string, screen: ChatScreen, actions: ChatActions): Promise<boolean> {
  switch (line.split(/\s/)[0]) {
    case '/quit':
    case '/exit':
      return false;
    case '/help':
      screen.notice(HELP);
      return true;
    case '/new':
      screen.notice(`Conversation ${actions.begin()}`, 'dim');
      return true;
    case '/history':
      await showHistory(screen, actions);
      return true;
    default:
      screen.notice(`There is no command ${line}; /help lists them`, 'yellow');
      return true;
  }
}

async function showHistory(screen: ChatScreen, { history }: ChatActions): Promise<void> {
  try {
    const messages = await history();
    if (messages.length === 0) screen.notice('Nothing was said yet', 'dim');
    for (const message of messages) screen.notice(lineOf(message));
  } catch (error) {
    screen.notice((error as Error).message, 'red');
  }
}

function lineOf({ role, content, toolCalls = [], toolName, status }: HistoryMessage): string {
  const calls = toolCalls.map((call) => `${call.toolName}(${call.arguments})`).join(' ');
  const said = [content, calls].filter((part) => part !== '').join(' ');
  return `${toolName ?? WHO[role]}: ${said}${status === undefined ? '' : ` (${status})`}`;
}
