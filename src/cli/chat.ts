import { randomUUID } from 'node:crypto';
import { createAgentClient, type AgentClient, type AgentClientOptions, type ClientRun } from '../client/index.js';
import { encryptFor, type MessageEncryption } from '../client/encryption.js';
import { isSubprotocol } from '../client/token.js';
import { DEFAULT_PATH } from '../protocol/version.js';
import { ChatAttachments } from './chat-attachments.js';
import { runCommand, type Outcome } from './chat-commands.js';
import { ChatSocket, connectChat } from './chat-connection.js';
import { ChatInput } from './chat-input.js';
import { ChatRoom } from './chat-room.js';
import { ChatScreen } from './chat-screen.js';
import { ChatTurn } from './chat-turn.js';
import { CliError, systemReason } from './cli-error.js';
import type { ChatFlags } from './program.js';
import type { Surroundings } from './surroundings.js';

/** Number of attempts after a loss if nobody watches; a person may wait any time. */
const UNWATCHED_ATTEMPTS = 10;
/** Number of messages that `/history` shows. */
const HISTORY = 50;

/** `agent-ws chat`: resolves to the exit code when the chat has ended. */
export async function chat(
  { url: written, conversation, room, name, serverKey }: ChatFlags,
  { env, stdin, stdout, stderr }: Surroundings,
): Promise<number> {
  if (name !== undefined && room === undefined) throw new CliError('--name is for a room: add --room');
  const url = endpointOf(written);
  const isWatched = stdin.isTTY === true;
  const token = readToken(env);
  const clientSecret = env['AGENT_WS_CLIENT_SECRET']?.trim() ?? '';
  const client = createClient({
    url,
    WebSocket: ChatSocket,
    ...(token !== undefined && { token: () => token }),
    ...(serverKey !== undefined && { encryption: encryptionFor(serverKey) }),
    ...(clientSecret !== '' && { clientSecret }),
    ...(!isWatched && { maxAttempts: UNWATCHED_ATTEMPTS }),
  });
  const screen = new ChatScreen(stdout, stderr);
  const session =
    room === undefined
      ? new Chat(client, screen, conversation ?? randomUUID(), isWatched)
      : new ChatRoom(client, screen, { room, name, isWatched });
  const input = new ChatInput({
    input: stdin,
    output: stdout.isTTY === true ? stdout : stderr,
    isTerminal: isWatched,
    onInterrupt: () => session.interrupt(),
  });
  const interrupt = (): void => session.interrupt();
  process.on('SIGINT', interrupt);
  let lost: NodeJS.ErrnoException | undefined;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    lost ??= error;
    session.leave();
  });
  try {
    const code = await session.talk(input, url).catch((error: unknown) => {
      // Who leaves before there is a connection knows why there is none.
      if (session.isLeaving) return 1;
      throw error;
    });
    // The last piece may not be written yet.
    await new Promise((resolve) => stdout.write('', resolve));
    if (lost === undefined) return code;
    // A reader that left, such as `head`, wants no more.
    if (lost.code === 'EPIPE') return 0;
    throw new CliError(`Standard output cannot be written: ${systemReason(lost)}`, { cause: lost });
  } finally {
    process.off('SIGINT', interrupt);
    input.close();
    client.close();
    // An open pipe would keep the process alive.
    stdin.destroy();
  }
}

/** The endpoint for an address without a path: people copy the address from a browser, or omit the path. */
export function endpointOf(url: string): string {
  const withScheme = url.includes('://') ? url : `ws://${url}`;
  // A path "/" after ws:// is meant as it is, since an endpoint may be there.
  return /^(?:https?:\/\/[^/?#]+\/?|wss?:\/\/[^/?#]+)$/i.test(withScheme)
    ? `${withScheme.replace(/\/$/, '')}${DEFAULT_PATH}`
    : withScheme;
}

/**
 * Reads the token. An empty variable counts as absent, like every variable.
 * @throws CliError if the token cannot be sent
 */
function readToken(environment: Surroundings['env']): string | undefined {
  const token = environment['AGENT_WS_TOKEN']?.trim() ?? '';
  if (token === '' || isSubprotocol(token)) return token === '' ? undefined : token;
  // The value is a secret, so the message does not show it.
  throw new CliError("AGENT_WS_TOKEN: must hold nothing but letters, digits and any of !#$%&'*+-.^_`|~");
}

/** @throws CliError if the text is no list of thumbprints */
function encryptionFor(serverKey: string): MessageEncryption {
  try {
    return encryptFor(...serverKey.split(',').map((key) => key.trim()));
  } catch (error) {
    throw new CliError(`--server-key: ${(error as Error).message}`, { cause: error });
  }
}

/** @throws CliError in the words of who runs the command */
function createClient(options: AgentClientOptions): AgentClient {
  try {
    return createAgentClient(options);
  } catch (error) {
    const { message } = error as Error;
    const words = message
      .replace(/^Option "url"/, 'The address')
      .replace(/^Option "clientSecret"/, 'AGENT_WS_CLIENT_SECRET:');
    throw new CliError(words, { cause: error });
  }
}

/** The chat of one person with one service. */
class Chat {
  /** Whether the person leaves, or nobody reads the answers. */
  isLeaving = false;
  readonly #client: AgentClient;
  readonly #screen: ChatScreen;
  readonly #isWatched: boolean;
  readonly #attachments = new ChatAttachments();
  #conversation: string;
  #input: ChatInput | undefined;
  #run: ClientRun | undefined;
  #interrupts = 0;

  constructor(client: AgentClient, screen: ChatScreen, conversation: string, isWatched: boolean) {
    this.#client = client;
    this.#screen = screen;
    this.#conversation = conversation;
    this.#isWatched = isWatched;
  }

  /** Chats until the input ends. Returns the exit code. */
  async talk(input: ChatInput, url: string): Promise<number> {
    this.#input = input;
    // Errors of an answer are shown there.
    await connectChat(this.#client, this.#screen, url, () => this.#run !== undefined);
    if (this.#isWatched) {
      this.#screen.notice(`Conversation ${this.#conversation} at ${url}; /help lists the commands`, 'dim');
    }
    let wasAsked = false;
    for (;;) {
      const line = (await input.next(this.#screen.style('bold', '> ')))?.trim();
      this.#interrupts = 0;
      if (line === undefined) {
        if (wasAsked || this.#isWatched) return 0;
        if (this.isLeaving) return 1;
        this.#screen.notice('Nothing was asked: standard input is empty');
        return 1;
      }
      if (line === '') continue;
      wasAsked = true;
      if (line.startsWith('/')) {
        const outcome = await this.#command(line);
        if (outcome === 'left') return 0;
        // A question without its file would be a different question.
        if (outcome === 'failed' && !this.#isWatched) return 1;
      } else if (!(await this.#answer(line, input)) && !this.#isWatched) return 1;
    }
  }

  /** Handles Ctrl-C: stops the answer; at the second time in a row, ends the chat. */
  interrupt(): void {
    if (++this.#interrupts > 1) this.leave();
    else if (this.#run !== undefined) void this.#run.cancel();
    else if (this.#isWatched) this.#screen.notice('Press Ctrl-C again to leave', 'dim');
    else this.leave();
  }

  /** Ends the chat, and the answer with it. */
  leave(): void {
    this.isLeaving = true;
    void this.#run?.cancel();
    this.#input?.close();
    this.#client.close();
  }

  #command(line: string): Promise<Outcome> {
    return runCommand(line, this.#screen, {
      history: async () => (await this.#client.conversation(this.#conversation).history({ limit: HISTORY })).messages,
      attach: async (path) => {
        if (path !== '') await this.#attachments.add(path, this.#client.greeting?.attachments);
        return this.#attachments.names;
      },
      begin: () => (this.#conversation = randomUUID()),
    });
  }

  /** Asks a question. Returns whether it was answered. */
  async #answer(question: string, input: ChatInput): Promise<boolean> {
    const attachments = this.#attachments.take();
    const options = attachments.length === 0 ? {} : { attachments };
    const run = this.#client.conversation(this.#conversation).stream(question, options);
    this.#run = run;
    const turn = new ChatTurn(run, this.#screen, (asked, signal) => this.#decide(asked, signal, input));
    const isAnswered = await turn.show();
    this.#run = undefined;
    return isAnswered;
  }

  async #decide(question: string, signal: AbortSignal, input: ChatInput): Promise<boolean | undefined> {
    if (!this.#isWatched) {
      this.#screen.notice(`${question} Refused: there is nobody to decide`, 'yellow');
      return undefined;
    }
    this.#screen.notice(question, 'yellow');
    const line = await input.ask('[y/n] ', /^\s*(?:y|yes|n|no)\s*$/i, signal);
    return line === undefined ? undefined : /^\s*y/i.test(line);
  }
}
