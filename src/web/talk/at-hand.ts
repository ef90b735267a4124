import type { Message } from '../frames/frames.js';
import { recording } from './link.js';
import { thread } from './thread.js';
import { liveRuns } from './tracks.js';

/** What a raw message is likely to be about: the conversation, the newest run, and the decision it waits for. */
export function atHand(): Message {
  const waiting = liveRuns.get().findLast(({ approvals }) => approvals.length > 0);
  return {
    conversation_id: thread.get().id,
    run_id: waiting?.id ?? recording.runs.all.at(-1)?.runId,
    tool_call_id: waiting?.approvals[0]?.toolCallId,
  };
}
