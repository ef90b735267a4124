import { Answer, type AnswerKind } from './answer.js';
import type { Message } from './frames.js';
import { readKeptList, writeKept } from './kept.js';
import { listOf } from './message-fields.js';
import type { Session } from './session.js';

const NAME = 'runs';

interface KeptRun {
  readonly request: Message;
  readonly epoch?: string | undefined;
  readonly time: number;
}

/**
 * Keeps the questions in progress for as long as the tab lives, so that a reload reads them on: a run needs nothing
 * but its id. What belongs to a conversation is found by watching it as well.
 */
export function keepRuns({ runs, thread, greeted }: Session): void {
  for (const { request, epoch, time } of readKeptRuns()) {
    const conversationId = request['conversation_id'];
    if (conversationId !== undefined && conversationId !== thread.id) continue;
    const kind = request['type'] as AnswerKind;
    const answer = new Answer(kind, request, String(request['run_id']), undefined, 'here', time);
    answer.epoch = epoch;
    answer.state = 'accepted';
    answer.isCut = true;
    runs.add(answer);
  }
  const write = (): void => {
    const kept = runs.live
      .filter((answer) => answer.origin === 'here' && 'run_id' in answer.request)
      .map(({ request, epoch, time }): KeptRun => ({ request: withoutBytes(request), epoch, time }));
    writeKept('sessionStorage', NAME, JSON.stringify(kept));
  };
  runs.counted.on(write);
  greeted.on(write);
}

/** Storage is small, and the run has the bytes. */
function withoutBytes(request: Message): Message {
  if (!('attachments' in request)) return request;
  return { ...request, attachments: listOf(request, 'attachments').map(({ data: _data, ...each }) => each) };
}

/** The questions that were in progress when this tab showed the page last. */
export function readKeptRuns(): readonly KeptRun[] {
  return readKeptList('sessionStorage', NAME, isKeptRun);
}

function isKeptRun(value: unknown): value is KeptRun {
  const { request, time } = (value ?? {}) as Partial<KeptRun>;
  return typeof request?.['run_id'] === 'string' && typeof time === 'number';
}
