// Loaded before a program: timers of LATE_MS milliseconds end when the file LATE_FILE appears, which is removed then.
import { existsSync, rmSync } from 'node:fs';

const start = globalThis.setTimeout;
const { LATE_MS, LATE_FILE } = process.env;

globalThis.setTimeout = Object.assign((callback, ms, ...args) => {
  if (ms !== Number(LATE_MS)) return start(callback, ms, ...args);
  const timer = setInterval(() => {
    if (!existsSync(LATE_FILE)) return;
    clearInterval(timer);
    rmSync(LATE_FILE);
    callback(...args);
  }, 20);
  return timer;
}, start);
