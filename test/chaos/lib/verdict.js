import { readFileSync } from 'node:fs';
import { tokensOf } from './plan.js';

/** What is wrong with a run, given all its readers. @returns {string[]} */
export function judgeRun({ plan, readers }, { kills, upstream, toolLines }) {
  const wrong = readers.flatMap(({ violations }) => violations);
  const [asker] = readers;
  const whole = tokensOf(plan).join('');
  for (const reader of readers) {
    const { end, text, longest } = reader;
    const say = (what) => wrong.push(`${reader.description}: ${what}`);
    if (end === null) {
      say('is stuck');
      continue;
    }
    if (!text.startsWith(longest)) say('took back text it had shown');
    if (text !== asker.text || end.type !== asker.end?.type) say('differs from what its first reader got');
    if (end.type === 'stream_end') {
      if (text !== whole) say(`ended with ${text.length} of ${whole.length} characters`);
    } else if (!whole.startsWith(text)) say('has text the model did not give');
    if (end.type === 'cancelled' && (plan.cancelAfter === null || end.reason !== 'requested')) {
      say(`was cancelled: ${end.reason}`);
    }
    if (end.type !== 'error') continue;
    const wasKilled = kills.some(
      ({ at, nodeId }) =>
        at >= asker.startedAt && at <= reader.endedAt && (asker.hostId === undefined || asker.hostId === nodeId),
    );
    if (end.code !== 'run_interrupted' || !wasKilled) say(`failed: ${end.code} ${end.error}`);
  }
  const calls = upstream.calls.get(plan.id) ?? [];
  for (const step of [0, 1]) {
    const count = calls.filter((call) => call.step === step).length;
    if (count > 1) wrong.push(`${asker.description}: the model was asked ${count} times`);
  }
  const executions = toolLines.get(plan.id) ?? 0;
  if (executions > 1) wrong.push(`${asker.description}: the tool was executed ${executions} times`);
  if (asker.end?.type === 'stream_end' && executions !== (plan.tool ? 1 : 0)) {
    wrong.push(`${asker.description}: the tool was executed ${executions} times`);
  }
  return wrong;
}

/** How often the tool was executed, by run. @returns {Map<string, number>} */
export function readToolLines(file) {
  const counts = new Map();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [runId] = line.split(' ');
    if (runId !== '') counts.set(runId, (counts.get(runId) ?? 0) + 1);
  }
  return counts;
}
