import { byId } from './dom.js';
import type { ThreadSync } from './thread-sync.js';

/** The button above the conversation that fetches what was said before. */
export function bindOlder(sync: ThreadSync): void {
  const button = byId('thread-older', HTMLButtonElement);
  button.addEventListener('click', () => sync.loadOlder());
  sync.changed.on(() => {
    sync.hold(() => (button.hidden = !sync.hasOlder));
    button.disabled = sync.isLoading;
  });
}
