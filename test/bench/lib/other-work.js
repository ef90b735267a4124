import { readFileSync } from 'node:fs';

const JIFFY_MS = 10;

/** Milliseconds each core has worked for processes, or `null` if the system does not report it. */
function coreTimes() {
  try {
    const lines = readFileSync('/proc/stat', 'latin1').match(/^cpu\d+ .*$/gm);
    return lines.map((line) => {
      const [user, nice, system] = line.split(' ').slice(1).map(Number);
      return (user + nice + system) * JIFFY_MS;
    });
  } catch {
    return null;
  }
}

/** Finds out whether something else had work for the cores meanwhile. */
export class OtherWork {
  #before = coreTimes();

  /**
   * Milliseconds each core has worked for others.
   * @param {number[]} ownMs what our own processes have used, by core
   */
  since(ownMs) {
    const after = coreTimes();
    if (!this.#before || !after) return null;
    return ownMs.map((own, core) => Math.max(0, (after[core] ?? 0) - (this.#before[core] ?? 0) - own));
  }
}
