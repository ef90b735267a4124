import { GCProfiler } from 'node:v8';
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

/** What the process allocates on its heap, and what the collector costs it, from here to {@link Allocations.take}. */
class Allocations {
  #profiler = new GCProfiler();
  #cpu = process.cpuUsage();
  #heap = process.memoryUsage().heapUsed;

  constructor() {
    this.#profiler.start();
  }

  /** Sizes in bytes, times in milliseconds. */
  take() {
    const { statistics } = this.#profiler.stop();
    let allocated = 0;
    let collectingMs = 0;
    let heap = this.#heap;
    for (const { beforeGC, afterGC, cost } of statistics) {
      allocated += beforeGC.heapStatistics.usedHeapSize - heap;
      heap = afterGC.heapStatistics.usedHeapSize;
      collectingMs += cost / 1000;
    }
    allocated += process.memoryUsage().heapUsed - heap;
    const { user, system } = process.cpuUsage(this.#cpu);
    return { allocated, collectingMs, cpuMs: (user + system) / 1000 };
  }
}

let allocations = null;

/** What both servers answer over their control channel. */
export function answerServerCalls(port) {
  answerCalls(
    {
      sample,
      profile() {
        allocations = new Allocations();
      },
      profiled: () => allocations.take(),
      /** A sample after everything that can be collected is gone, and before new work leaves anything behind. */
      async collect() {
        for (let i = 0; i < 3; i++) {
          collectGarbage();
          await sleep(50);
        }
        // The second one waits until the buffers that the first one found are given back.
        collectGarbage();
        collectGarbage();
        return sample();
      },
    },
    { port },
  );
}
