import { WebSocket } from 'ws';
import type { AgentClient } from '../client/index.js';
import { connectFailure, refusal } from './chat-failure.js';
import type { ChatScreen } from './chat-screen.js';
import { CliError } from './cli-error.js';

/** Number of attempts after which a server that never answered counts as absent. */
const FIRST_ATTEMPTS = 3;

/** Remembers why the latest attempt failed: the client does not know, since browsers hide it from pages. */
export class ChatSocket extends WebSocket {
  static lastError: NodeJS.ErrnoException | undefined;

  constructor(url: string, protocols: string[]) {
    super(url, protocols);
    ChatSocket.lastError = undefined;
    this.on('error', (error) => (ChatSocket.lastError = error));
  }
}

/**
 * Connects a chat, and tells about its connection from then on.
 * @param isTold - whether something else tells the errors of the server just now
 * @throws CliError if the server is absent or refuses this client
 */
export async function connectChat(
  client: AgentClient,
  screen: ChatScreen,
  url: string,
  isTold: () => boolean,
): Promise<void> {
  const server = { isKnown: false, isMissing: false };
  client.on('connected', ({ isReconnect }) => {
    server.isKnown = true;
    if (isReconnect) screen.notice('connected again', 'dim');
  });
  client.on('disconnected', () => {
    if (client.state === 'waiting') screen.notice('connection lost, reconnecting…', 'yellow');
  });
  client.on('reconnecting', ({ attempt }) => {
    server.isMissing = !server.isKnown && attempt > FIRST_ATTEMPTS;
    if (server.isMissing) client.close();
  });
  client.on('error', ({ message }) => {
    // Errors of the first attempt are thrown.
    if (server.isKnown && !isTold()) screen.notice(message, 'red');
  });
  try {
    await client.connect();
  } catch (error) {
    if (!server.isMissing) throw new CliError(refusal(error as Error), { cause: error });
    throw new CliError(connectFailure(url, ChatSocket.lastError));
  }
}
