/** How long a dropped connection seems to be there, in milliseconds, so that a person sees that it is gone. */
const AWAY_MS = 1_200;

let newest: DroppableSocket | undefined;
const remember = (socket: DroppableSocket): void => void (newest = socket);

/** A WebSocket that loses its connection on demand, as over a bad network: nothing arrives, and the close comes late. */
export class DroppableSocket extends WebSocket {
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

  /** Says that the connection is lost. */
  release(): void {
    if (!this.#isDropped) return;
    this.#isDropped = false;
    this.dispatchEvent(new CloseEvent('close', { code: 1006 }));
  }
}

/** The socket that was made last. */
export function newestSocket(): DroppableSocket | undefined {
  return newest;
}
