import type { Tool } from '../tool/tool.js';
import { calculator } from './calculator.js';
import { currentTime } from './current-time.js';

/** The tools that `agent-ws serve` has unless it is given others. */
export const toolsInTheBox: readonly Tool[] = [calculator, currentTime];
