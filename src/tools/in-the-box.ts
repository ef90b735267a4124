import type { Tool } from '../tool/tool.js';
import { calculator } from './calculator.js';
import { currentTime } from './current-time.js';

/** The default tools of `agent-ws serve`. */
export const toolsInTheBox: readonly Tool[] = [calculator, currentTime];
