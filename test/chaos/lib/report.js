import { percentile } from '../../bench/lib/numbers.js';
import { TOKEN_MS } from './upstream.js';

/** From `connected` to the first live token, for 95 % of those that resume, in milliseconds. */
const RESUME_GOAL_MS = 100;

/** What happened, for people. */
export function report({ runs, disturbance, upstream, toolLines, lateP99 }) {
  const readers = runs.flatMap((run) => run.readers);
  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
  const ends = countEnds(readers);
  const resumes = readers.flatMap(({ resumeMs }) => resumeMs);
  const answers = readers.flatMap(({ answerMs }) => answerMs);
  const [p50, p95, answer] = [percentile(resumes, 50), percentile(resumes, 95), percentile(answers, 95)];
  const ms = (number) => `${number.toFixed(0)} ms`;
  return [
    `${runs.length} runs, ${readers.length} readers: ${ends}`,
    `${sum(readers.map(({ connections }) => connections))} connections, ${disturbance.cuts} disturbed`,
    `${disturbance.kills.length} kills of servers and ${disturbance.redisKills} of Redis, ${upstream.count('aborted')} model calls aborted`,
    `${sum([...toolLines.values()])} tool executions`,
    `resume to the first live token, one every ${TOKEN_MS} ms, ${resumes.length} times: p50 ${ms(p50)}, p95 ${ms(p95)}`,
    `  goal ${ms(RESUME_GOAL_MS)}, ${p95 > RESUME_GOAL_MS ? 'missed' : 'reached'}; to "resumed" alone p95 ${ms(answer)}`,
    `  this process, which is everything but the server, was ${ms(lateP99)} late at p99`,
  ];
}

function countEnds(readers) {
  const counts = new Map();
  for (const { end } of readers) {
    const kind = end === null ? 'none' : (end.code ?? end.type);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
}
