import { createRef } from 'preact';
import type { AgentClient, AttachmentInput, ClientRun, QueryOptions } from '../../client/index.js';
import type { ChatMessage, ConversationHook } from '../../client/react.js';
import { Signal } from '../ui/signal.js';
import { drop, retryNow } from './link.js';
import { askLoose, type LooseRequest } from './loose.js';
import { followOwn } from './tracks.js';

/** What a person asks for. */
export interface Question {
  readonly request: LooseRequest;
  readonly attachments?: readonly AttachmentInput[];
  /** What the question does if another one is being answered. */
  readonly whenBusy?: QueryOptions['whenBusy'];
  /** Loses the connection in the middle of the answer, to show what happens then. */
  readonly isToBeDropped?: boolean;
}

/** The conversation that is shown; `null` if every question stands alone. */
export const conversation = createRef<ConversationHook>();

/** The person asked for something. */
export const asked = new Signal();

/** Asks in the conversation of the page if there is one, and outside of any otherwise. */
export function ask(client: AgentClient, question: Question): void {
  const { request, attachments = [], whenBusy, isToBeDropped = false } = question;
  const { kind, title, options } = request;
  // Who asks wants an answer, whatever was closed before.
  if (client.state === 'closed') retryNow();
  const files = attachments.length > 0 ? { attachments } : {};
  asked.emit();
  const run =
    kind === 'tool_call' || conversation.current === null
      ? askLoose(client, request, attachments)
      : followOwn(
          conversation.current.send(title, { ...options, ...files, whenBusy, whole: kind === 'agent_query' }),
          kind,
        );
  if (!isToBeDropped) return;
  // The connection is lost as soon as the answer has begun to arrive.
  const off = run.subscribe(({ type }) => {
    if (type === 'text') drop();
    if (type === 'text' || type === 'end') off();
  });
}

/** Asks another question in the place of one. */
export function edit({ id }: ChatMessage, query: string): void {
  inConversation((shown) => shown.edit(id, query));
}

/** Answers a question anew, beside the answer it has. */
export function regenerate({ id }: ChatMessage): void {
  inConversation((shown) => shown.regenerate(id));
}

/** What failed before the server kept it is asked again in its place; what the server forgot is asked anew. */
export function repeat(question: ChatMessage, answer: ChatMessage | undefined): void {
  if (answer?.status === 'failed' || answer?.status === 'interrupted') regenerate(answer);
  else inConversation((shown) => shown.send(question.content));
}

/** Shows another version of a message. */
export function select(messageId: string): void {
  conversation.current?.selectBranch(messageId).catch(() => undefined);
}

function inConversation(begin: (shown: ConversationHook) => ClientRun): void {
  if (conversation.current === null) return;
  asked.emit();
  followOwn(begin(conversation.current), 'streaming_query');
}
