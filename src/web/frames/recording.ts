/** Everything the page reads from its frames. Made once; the log, the statistics and the answers share it. */
import { Frames } from './frames.js';
import { Latency } from './latency.js';
import { LogRows } from './log-rows.js';
import { RunRecords } from './run-records.js';
import { Throughput } from './throughput.js';

export class Recording {
  readonly frames = new Frames();
  readonly rows = new LogRows(this.frames);
  readonly latency = new Latency(this.frames);
  readonly throughput = new Throughput(this.frames);
  readonly runs = new RunRecords(this.frames);
}
