import type { WebSocketClass } from '../../client/index.js';

/** How long a dropped connection seems to be there, in milliseconds, so that a person sees that it is gone. */
const AWAY_MS = 1_200;

/** Sockets that lose their connection on demand, as over a bad network: nothing arrives, and the close comes late. */
export interface DroppableSockets {
  readonly WebSocket: WebSocketClass;
  /** Loses the connection of the newest socket. */
  readonly drop: () => void;
  /** Says at once that it is lost. */
  readonly release: () => void;
}

export function droppableSockets(): DroppableSockets {
  let newest: DroppableSocket | undefined;
  const remember = (socket: DroppableSocket): void => void (newest = socket);
  class DroppableSocket extends WebSocket {
    #isDropped = false;

    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      remember(this);
      // These listeners are the first ones.
      for (const type of ['message', 'close']) {
        this.addEventListener(type, (event) => {
          if (this.#isDropped) event.stopImmediatePropagation();
        });
      }
    }

    drop(): void {
      if (this.readyState !== WebSocket.OPEN) return;
      this.#isDropped = true;
      this.close();
      setTimeout(() => this.release(), AWAY_MS);
    }

    release(): void {
      if (!this.#isDropped) return;
      this.#isDropped = false;
      this.dispatchEvent(new CloseEvent('close', { code: 1006 }));
    }
  }
  return { WebSocket: DroppableSocket, drop: () => newest?.drop(), release: () => newest?.release() };
}
