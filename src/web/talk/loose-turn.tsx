import { useEffect, useMemo } from 'preact/hooks';
import type { AgentClient, ClientRun } from '../../client/index.js';
import {
  useAgentRun,
  type AgentRunHook,
  type ChatMessage,
  type MessagePart,
  type ToolPart,
} from '../../client/react.js';
import { filesOf } from '../../client/react-turn.js';
import type { LooseRequest, LooseRun } from './loose.js';
import { Turn, type TurnActions } from './turn.js';
import { useTrack } from './tracks.js';

interface LooseTurnProps {
  readonly client: AgentClient;
  readonly loose: LooseRun;
  readonly actions: TurnActions;
}

/** A run that is part of no conversation. */
export function LooseTurn({ client, loose, actions }: LooseTurnProps) {
  const { run, request, attachments, createdAt } = loose;
  const view = useAgentRun(client);
  const track = useTrack(run.id);
  useEffect(() => void view.attach(run), [run]);
  const question = useMemo((): ChatMessage => {
    const text = { type: 'text', id: 'text:0', text: request.title } as const;
    return {
      ...message(run, createdAt),
      role: 'user',
      id: `${run.id}:question`,
      content: request.title,
      parts: [...(filesOf(attachments) ?? []), text],
    };
  }, [loose]);
  const parts = request.kind === 'tool_call' ? callParts(view, request, track?.approvals[0]?.toolCallId) : view.parts;
  const answer: ChatMessage = {
    ...message(run, createdAt),
    content: request.kind === 'tool_call' ? contentOf(parts) : view.text,
    parts,
    status: statusOf(run),
    error: run.error,
  };
  return (
    <Turn
      client={client}
      conversationId={undefined}
      question={question}
      answer={answer}
      ahead={0}
      isHeld={false}
      actions={actions}
    />
  );
}

function message(run: ClientRun, createdAt: number): ChatMessage {
  return {
    id: run.id,
    role: 'assistant',
    parts: [],
    content: '',
    reasoning: '',
    status: 'complete',
    createdAt,
    runId: run.id,
    isStored: false,
  };
}

function statusOf({ state }: ClientRun): ChatMessage['status'] {
  if (state === 'finished') return 'complete';
  if (state === 'failed' || state === 'cancelled' || state === 'interrupted') return state;
  return state === 'detached' ? 'interrupted' : 'streaming';
}

/** A direct call tells its reports and its result; the call itself is what was asked for. */
function callParts(
  { parts, run, state, answer }: AgentRunHook,
  { title, params }: LooseRequest,
  approvalId: string | undefined,
): readonly MessagePart[] {
  const reported = parts.find((part) => part.type === 'data');
  const toolCallId = reported?.toolCallId ?? approvalId ?? '';
  const call: ToolPart = {
    type: 'tool',
    id: 'tool',
    toolCallId,
    toolName: title,
    params,
    state:
      state === 'finished'
        ? 'done'
        : run?.error !== undefined
          ? 'failed'
          : state === 'waiting_approval'
            ? 'waiting_approval'
            : 'calling',
    result: answer?.result,
    error: run?.error && { code: run.error.code, message: run.error.message },
  };
  return [call, ...parts.filter((part) => part.type === 'data')];
}

function contentOf(parts: readonly MessagePart[]): string {
  const [call] = parts;
  return call?.type === 'tool' ? JSON.stringify(call.result) : '';
}
