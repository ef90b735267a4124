/** As much of a window or worker as says whether there is a network. */
interface NetworkEvents {
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
}

/** Listens to what a browser knows about its network; elsewhere nothing happens. Returns the function that stops. */
export function watchNetwork(online: () => void, offline: () => void): () => void {
  const target = globalThis as NetworkEvents;
  target.addEventListener?.('online', online);
  target.addEventListener?.('offline', offline);
  return () => {
    target.removeEventListener?.('online', online);
    target.removeEventListener?.('offline', offline);
  };
}
