import { writeKept } from '../ui/kept.js';

/**
 * A tab that is opened from another one begins with a copy of its session storage: the token carries on, while the runs
 * are those of the other tab. The name of a window is not copied, and stays after a reload.
 */
const COPIED = ['own-runs', 'loose-runs'];

if (window.name === '') {
  window.name = 'agent-ws';
  if (window.opener !== null) for (const name of COPIED) writeKept('sessionStorage', name);
}
