import type { AgentClient, ClientRoom, ClientRun, RoomMember, RoomMessage } from '../client/index.js';
import { noCommand, showHistory, splitCommand, type Outcome } from './chat-commands.js';
import { connectChat } from './chat-connection.js';
import type { ChatInput } from './chat-input.js';
import type { ChatScreen } from './chat-screen.js';
import { ChatTurn } from './chat-turn.js';
import { CliError } from './cli-error.js';

/** Number of earlier messages that a person sees when they join. */
const EARLIER = 20;
/** Number of messages that `/history` shows. */
const HISTORY = 50;

const HELP = `/ask QUESTION  ask the agent; everybody sees question and answer
/who           who is here
/history       what was asked and answered in this room
/help          this list
/quit          leave (or Ctrl-D)
Everything else is said to everybody, pasted lines at once. Ctrl-C stops your question, twice leaves.`;

/** How a chat enters its room. */
export interface ChatRoomOptions {
  readonly room: string;
  readonly name: string | undefined;
  /** Whether a person types. */
  readonly isWatched: boolean;
}

/** The chat of one person in a room. Something is written whenever somebody says something. */
export class ChatRoom {
  /** Whether the person leaves, or is out of the room. */
  isLeaving = false;
  readonly #client: AgentClient;
  readonly #room: ClientRoom;
  readonly #screen: ChatScreen;
  readonly #name: string | undefined;
  readonly #isWatched: boolean;
  /** What this chat said and asked, until it comes back: the person has typed it. */
  readonly #mine: string[] = [];
  /** The questions of this chat that are being answered. */
  readonly #asked = new Set<ClientRun>();
  /** The members that the person knows of, once there was a list. */
  #here: ReadonlyMap<string, RoomMember> | undefined;
  /** The newest message when the room was joined. */
  #head: number | undefined;
  #input: ChatInput | undefined;
  #interrupts = 0;
  /** Whether the server ended the stay. */
  #isOut = false;

  constructor(client: AgentClient, screen: ChatScreen, { room, name, isWatched }: ChatRoomOptions) {
    this.#client = client;
    this.#room = client.room(room);
    this.#screen = screen;
    this.#name = name;
    this.#isWatched = isWatched;
  }

  /**
   * Talks until the input ends. Returns the exit code.
   * @throws CliError if the server is absent, or refuses this client or its way into the room
   */
  async talk(input: ChatInput, url: string): Promise<number> {
    this.#input = input;
    const screen = this.#screen;
    await connectChat(this.#client, screen, url, () => this.#asked.size > 0);
    if (this.#isWatched) {
      screen.prompt = input;
      screen.notice(`Room ${this.#room.name} at ${url}; /help lists the commands`, 'dim');
    }
    screen.speaker = 'agent: ';
    await this.#join();
    const code = await this.#listen(input);
    this.isLeaving = true;
    return code;
  }

  /** Handles Ctrl-C: stops the questions of this chat; at the second time in a row, leaves. */
  interrupt(): void {
    if (++this.#interrupts > 1 || !this.#isWatched) this.leave();
    else if (this.#asked.size > 0) for (const run of this.#asked) void run.cancel();
    else this.#screen.notice('Press Ctrl-C again to leave', 'dim');
  }

  /** Ends the chat. What it asked goes on: others read the answer. */
  leave(): void {
    this.isLeaving = true;
    this.#input?.close();
    this.#client.close();
  }

  /** Takes lines until the last one, or the first one of a pipe that fails. Returns the exit code. */
  async #listen(input: ChatInput): Promise<number> {
    let wasUsed = false;
    for (;;) {
      const line = (await input.next(this.#screen.style('bold', '> ')))?.trim();
      this.#interrupts = 0;
      if (line === undefined) {
        if (this.#isOut) return 1;
        if (wasUsed || this.#isWatched) return 0;
        if (this.isLeaving) return 1;
        this.#screen.notice('Nothing was said: standard input is empty');
        return 1;
      }
      if (line === '') continue;
      wasUsed = true;
      const outcome = await this.#take(line);
      if (outcome === 'left') return 0;
      if (outcome === 'failed' && !this.#isWatched) return 1;
    }
  }

  async #join(): Promise<void> {
    const room = this.#room;
    this.#client.on('message', (message) => {
      // Messages up to this one are earlier ones.
      if (message.type === 'room_joined') this.#head ??= (message as { readonly head: number }).head;
    });
    room.on('message', (message) => this.#hear(message));
    room.on('presence', (members) => this.#see(members));
    room.on('lost', () => {
      this.#head = 0;
      this.#screen.notice('The room no longer has all that was said meanwhile; what it has:', 'yellow');
    });
    room.on('run', ({ run }) => void this.#show(run, false));
    try {
      await room.join({ name: this.#name });
    } catch (error) {
      throw new CliError((error as Error).message, { cause: error });
    }
    room.on('error', ({ message }) => this.#screen.notice(message, 'red'));
    room.on('state', (state) => {
      if (state !== 'left' || this.isLeaving) return;
      this.#isOut = true;
      this.#screen.notice('You are no longer in the room', 'red');
      this.leave();
    });
  }

  async #take(line: string): Promise<Outcome> {
    const [command, rest] = line.startsWith('/') ? splitCommand(line) : ['', line];
    switch (command) {
      case '':
        return await this.#unlessWatched(this.#say(rest));
      case '/ask':
        if (rest !== '') return await this.#unlessWatched(this.#ask(rest));
        this.#screen.notice('/ask QUESTION asks the agent', 'yellow');
        return 'failed';
      case '/who':
        for (const member of this.#room.members) this.#screen.notice(this.#describe(member));
        if (this.#room.agent !== 'idle') this.#screen.notice(`agent · ${this.#room.agent}`);
        return 'done';
      case '/history':
        return await showHistory(this.#screen, async () => (await this.#room.history({ limit: HISTORY })).messages);
      case '/help':
        this.#screen.notice(HELP);
        return 'done';
      case '/quit':
      case '/exit':
        return 'left';
      default:
        return noCommand(line, this.#screen);
    }
  }

  /** A person types on meanwhile; the lines of a pipe follow each other. */
  #unlessWatched(work: Promise<boolean>): Promise<Outcome> | Outcome {
    return this.#isWatched ? 'done' : work.then((isDone) => (isDone ? 'done' : 'failed'));
  }

  /** Says something. Returns whether the room has it. */
  async #say(text: string): Promise<boolean> {
    this.#mine.push(text);
    try {
      await this.#room.publish(text);
      return true;
    } catch (error) {
      this.#isMine(text);
      if (!this.isLeaving) this.#screen.notice(`Not said: ${(error as Error).message}`, 'red');
      return false;
    }
  }

  /** Asks the agent. Returns whether there was an answer. */
  async #ask(question: string): Promise<boolean> {
    this.#mine.push(question);
    const run = this.#room.stream(question);
    this.#asked.add(run);
    const isAnswered = await this.#show(run, true);
    this.#asked.delete(run);
    return isAnswered;
  }

  #show(run: ClientRun, isMine: boolean): Promise<boolean> {
    return new ChatTurn(run, this.#screen, (question, signal) => this.#decide(question, signal, isMine)).show();
  }

  /** The one who asked decides about tools; the others are told. */
  async #decide(question: string, signal: AbortSignal, isMine: boolean): Promise<boolean | undefined> {
    this.#screen.notice(question, 'yellow');
    if (!isMine) return await new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
    if (!this.#isWatched) return undefined;
    const line = await this.#input?.ask('[y/n] ', /^\s*(?:y|yes|n|no)\s*$/i, signal);
    return line === undefined ? undefined : /^\s*y/i.test(line);
  }

  #hear({ seq, from, content, data, run }: RoomMessage): void {
    const isMe = from?.memberId === this.#room.memberId;
    if (isMe && content !== undefined && this.#isMine(content)) return;
    // A pipe hears what is said from now on.
    const shown = (this.#head ?? 0) - (this.#isWatched ? EARLIER : 0);
    if (seq <= shown) return;
    const verb = run === undefined ? '' : ' asks';
    this.#screen.said(`${from?.name ?? 'server'}${verb}: ${content ?? JSON.stringify(data)}`);
  }

  #isMine(text: string): boolean {
    const at = this.#mine.indexOf(text);
    if (at !== -1) this.#mine.splice(at, 1);
    return at !== -1;
  }

  #see(members: readonly RoomMember[]): void {
    const before = this.#here;
    const now = new Map(members.map((member) => [member.memberId, member]));
    this.#here = now;
    if (before === undefined) {
      this.#screen.notice(`Here: ${members.map((member) => this.#describe(member)).join(', ')}`, 'dim');
      return;
    }
    for (const [id, { name }] of now) if (!before.has(id)) this.#screen.notice(`${name} joined`, 'dim');
    for (const [id, { name }] of before) if (!now.has(id)) this.#screen.notice(`${name} left`, 'dim');
  }

  #describe({ memberId, name, state }: RoomMember): string {
    const you = memberId === this.#room.memberId ? ' (you)' : '';
    return `${name}${you}${state === 'idle' ? '' : ` · ${state}`}`;
  }
}
