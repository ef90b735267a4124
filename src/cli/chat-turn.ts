import type { AgentClientError, ClientRun, PendingApproval, RunAnswer, RunEvent } from '../client/index.js';
import type { ChatScreen } from './chat-screen.js';

/** Maximum length of params and results that are shown, in characters. */
const SHOWN = 200;

/** Why an answer is incomplete, by finish reason. */
const SHORTENED: Readonly<Record<string, string>> = {
  length: 'The answer was cut off at its greatest length',
  content_filter: "The provider's filter stopped the answer",
  max_steps: 'The model used up its steps',
};

/** Asks a person whether a tool may run; `undefined` if there is no person to ask, or the question is void. */
export type Decide = (question: string, signal: AbortSignal) => Promise<boolean | undefined>;

/** Shows one answer as it arrives. */
export class ChatTurn {
  readonly #run: ClientRun;
  readonly #screen: ChatScreen;
  readonly #decide: Decide;
  /** The approvals in progress, one after the other. */
  #asking = Promise.resolve();
  readonly #undecided = new Map<string, AbortController>();

  constructor(run: ClientRun, screen: ChatScreen, decide: Decide) {
    this.#run = run;
    this.#screen = screen;
    this.#decide = decide;
  }

  /** Shows the answer to its end. Resolves to whether the question was answered; otherwise the reason is shown. */
  async show(): Promise<boolean> {
    let answer: RunAnswer | undefined;
    for await (const event of this.#run) {
      this.#tell(event);
      if (event.type === 'end' && event.state === 'finished') ({ answer } = event);
    }
    for (const controller of this.#undecided.values()) controller.abort();
    this.#screen.endAnswer();
    if (answer !== undefined) return this.#judge(answer);
    const { error } = this.#run;
    if (error?.code === 'cancelled') this.#screen.notice(`(${reasonOf(error)})`, 'yellow');
    else if (error !== undefined && error.code !== 'client_closed')
      this.#screen.notice(`${error.message} (${error.code})`, 'red');
    return false;
  }

  /** Whether a finished run has a complete answer. */
  #judge({ text, finishReason = 'other' }: RunAnswer): boolean {
    const isEmpty = text.trim() === '';
    const reason = SHORTENED[finishReason];
    const isAnswer = !isEmpty && finishReason !== 'content_filter';
    if (reason !== undefined) this.#screen.notice(`${reason} (${finishReason})`, isAnswer ? 'yellow' : 'red');
    else if (isEmpty) this.#screen.notice('The answer is empty', 'red');
    return isAnswer;
  }

  #tell(event: RunEvent): void {
    const screen = this.#screen;
    switch (event.type) {
      case 'state':
        if (event.state !== 'queued') break;
        if (event.noWorkers === true) screen.notice('no worker is running: waiting until there is one…', 'yellow');
        else screen.notice('waiting for its turn…', 'dim');
        break;
      case 'text':
        screen.answer(event.text);
        break;
      case 'reasoning':
        screen.thought(event.text);
        break;
      case 'tool-call':
        screen.notice(`${event.toolName}(${short(event.params)})`, 'dim');
        break;
      case 'data':
        screen.notice(`  ${short(event.data)}`, 'dim');
        break;
      case 'tool-result':
        screen.notice(`  ${event.error === undefined ? short(event.result) : event.error.message}`, 'dim');
        break;
      case 'approval-request':
        if (event.isPending) this.#ask(event);
        break;
      case 'approval-resolved':
        this.#undecided.get(event.toolCallId)?.abort();
        if (event.by === 'expiry') screen.notice('  Nobody decided in time: refused', 'yellow');
        break;
      case 'reset':
        screen.notice('The server lost what it had sent; the answer from its start:', 'yellow');
        break;
      case 'start':
      case 'placed':
      case 'end':
        break;
    }
  }

  #ask({ toolCallId, toolName, params }: PendingApproval): void {
    const controller = new AbortController();
    this.#undecided.set(toolCallId, controller);
    this.#asking = this.#asking.then(async () => {
      // The params are shown in full, since the person decides about them.
      const text = JSON.stringify(params);
      const approved = await this.#decide(`Let ${toolName} run with ${text}?`, controller.signal);
      this.#undecided.delete(toolCallId);
      if (controller.signal.aborted) return;
      await this.#run
        .approve(toolCallId, approved ?? false, approved === undefined ? 'There is nobody to decide' : undefined)
        .catch((error: unknown) => this.#screen.notice((error as Error).message, 'red'));
    });
  }
}

function reasonOf({ reason }: AgentClientError): string {
  return reason === undefined || reason === 'requested' ? 'stopped' : `stopped: ${reason.replaceAll('_', ' ')}`;
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : ((JSON.stringify(value) as string | undefined) ?? '');
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
