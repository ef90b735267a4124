import { answerCalls } from './answer-calls.js';
import { now, sleep } from './clock.js';

/** CPU time is that of the whole process, in microseconds; sizes in bytes. */
function sample() {
  const cpu = process.cpuUsage();
  const memory = process.memoryUsage();
  return { at: now(), cpu: cpu.user + cpu.system, rss: memory.rss, heap: memory.heapUsed, external: memory.external };
}

/** Without arguments: any object passed here makes Node 20 collect the young generation only. */
function collectGarbage() {
  globalThis.gc();
}

/** What both servers answer over their control channel. */
export function answerServerCalls(port) {
  answerCalls(
    {
      sample,
      /** A sample after everything that can be collected is gone, and before new work leaves anything behind. */
      async collect() {
        for (let i = 0; i < 3; i++) {
          collectGarbage();
          await sleep(50);
        }
        collectGarbage();
        return sample();
      },
    },
    { port },
  );
}
