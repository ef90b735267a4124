const NAP_MS = 2;
const nap = new Int32Array(new SharedArrayBuffer(4));

/**
 * Sleeps between reads until `done`: what arrived meanwhile is read in one go. Without it every write of the server
 * wakes this process, which costs both of them more than the reading. Times are up to a nap late.
 */
export function readInNaps(done) {
  if (done()) return;
  Atomics.wait(nap, 0, 0, NAP_MS);
  setImmediate(readInNaps, done);
}
