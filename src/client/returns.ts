/** As much of a page, a worker or Node as tells that somebody or something is back. */
interface Surroundings {
  addEventListener?: ListenerMethod;
  removeEventListener?: ListenerMethod;
  readonly document?: Omit<Surroundings, 'document'> & { readonly hidden: boolean };
}

type ListenerMethod = (type: string, listener: (event: { readonly persisted?: boolean }) => void) => void;

/** How often the clock is looked at, and how late that may be before the machine must have slept; milliseconds. */
const TICK_MS = 1_000;
const LATE_MS = 5_000;

/**
 * Calls `back` where the person looks at the page again, the network is there again, or the machine has slept: waits
 * have gone on for longer than they say, and a connection may be dead without a word. Calls `doubt` where the network
 * is said to be gone. Returns the function that ends it.
 */
export function watchReturns(back: () => void, doubt: () => void): () => void {
  const surroundings = globalThis as Surroundings;
  const { document } = surroundings;
  // From the back-forward cache, in which a page stands still.
  const shown = ({ persisted }: { readonly persisted?: boolean }): void => {
    if (persisted === true) back();
  };
  const turned = (): void => {
    if (document?.hidden === false) back();
  };
  const each = (method: 'addEventListener' | 'removeEventListener'): void => {
    surroundings[method]?.('online', back);
    surroundings[method]?.('offline', doubt);
    surroundings[method]?.('pageshow', shown);
    document?.[method]?.('visibilitychange', turned);
  };
  each('addEventListener');
  let due = Date.now() + TICK_MS;
  const timer = setInterval(() => {
    const lateMs = Date.now() - due;
    due = Date.now() + TICK_MS;
    // The timers of a page in the background are late all the time; it tells when it is looked at again.
    if (lateMs > LATE_MS && document?.hidden !== true) back();
  }, TICK_MS);
  return () => {
    each('removeEventListener');
    clearInterval(timer);
  };
}
