import * as z from 'zod';
import { LIMITS } from './version.js';

/** Fields that several messages of clients share. */

export const requestId = z
  .string()
  .min(1)
  .max(LIMITS.idLength)
  .describe("An id of the client's choice. Replies and the first message of the run repeat it.");
/** RFC 9562, section 4: read in any case, written in lower case. */
export const uuid = z.uuid().toLowerCase();
