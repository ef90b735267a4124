/** The parts of a page, a worker or Node that report a return. */
interface Surroundings {
  addEventListener?: ListenerMethod;
  removeEventListener?: ListenerMethod;
  readonly document?: Omit<Surroundings, 'document'> & { readonly hidden: boolean };
}

type ListenerMethod = (type: string, listener: (event: { readonly persisted?: boolean }) => void) => void;

/** How often the clock is checked, and the delay that means that the machine has slept; in milliseconds. */
const TICK_MS = 1_000;
const LATE_MS = 5_000;

/**
 * Calls `back` when a person looks at the page again, the network returns, or the machine has slept: timers were late
 * and the connection may be dead. Calls `doubt` when the network is reported as lost. Returns a function that stops
 * watching.
 */
export function watchReturns(back: () => void, doubt: () => void): () => void {
  const surroundings = globalThis as Surroundings;
  const { document } = surroundings;
  // The page comes from the back-forward cache, where it was frozen.
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
    // Timers of a hidden page are always late; the page reports when it becomes visible.
    if (lateMs > LATE_MS && document?.hidden !== true) back();
  }, TICK_MS);
  return () => {
    each('removeEventListener');
    clearInterval(timer);
  };
}
