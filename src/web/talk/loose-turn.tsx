import { useEffect, useMemo } from 'preact/hooks';
import type { ClientRun } from '../../client/index.js';
import {
  useAgentRun,
  type AgentRunHook,
  type ChatMessage,
  type MessagePart,
  type ToolPart,
} from '../../client/react.js';
import { filesOf } from '../../client/react-turn.js';
import { useClient } from '../page.js';
import type { LooseRequest, LooseRun } from './loose.js';
import { Turn } from './turn.js';
import { useTrack } from './tracks.js';

/** A run that is part of no conversation. */
export function LooseTurn({ loose }: { readonly loose: LooseRun }) {
  const { run, request, attachments, createdAt } = loose;
  const view = useAgentRun(useClient());
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
  const isCall = request.kind === 'tool_call';
  const answer: ChatMessage = {
    ...message(run, createdAt),
    content: isCall ? JSON.stringify(view.answer?.result) : view.text,
    parts: isCall ? callParts(view, request, track?.approvals[0]?.toolCallId) : view.parts,
    status: statusOf(run),
    error: run.error,
  };
  return <Turn of={loose} question={question} answer={answer} />;
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

export function statusOf({ state }: ClientRun): ChatMessage['status'] {
  if (state === 'finished') return 'complete';
  if (state === 'failed' || state === 'cancelled' || state === 'interrupted') return state;
  return state === 'detached' ? 'interrupted' : 'streaming';
}

/** A direct call tells its reports and its result; the call itself is what was asked for. */
function callParts(
  { parts, run, state, answer }: AgentRunHook,
  { title, params }: LooseRequest,
  approvalId = '',
): readonly MessagePart[] {
  const reports = parts.filter((part) => part.type === 'data');
  const { error } = run ?? {};
  const open = state === 'waiting_approval' ? state : 'calling';
  const call: ToolPart = {
    type: 'tool',
    id: 'tool',
    toolCallId: reports[0]?.toolCallId ?? approvalId,
    toolName: title,
    params,
    state: state === 'finished' ? 'done' : error === undefined ? open : 'failed',
    result: answer?.result,
    error: error && { code: error.code, message: error.message },
  };
  return [call, ...reports];
}
