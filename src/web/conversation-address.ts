const NAME = 'conversation';

/**
 * The id of the conversation in the address of the page, so that a reload and a second tab show the same one. It stands
 * behind the `#`, which no browser sends to a server: without authentication the id is a secret.
 */
export function readAddress(): string | undefined {
  const id = new URLSearchParams(location.hash.slice(1)).get(NAME);
  return id === null || id === '' ? undefined : id;
}

/** The address of a conversation. */
export function addressOf(id: string): string {
  const url = new URL(location.href);
  url.hash = new URLSearchParams({ [NAME]: id }).toString();
  return url.href;
}

/** Writes the id into the address of this tab, or takes it out. */
export function writeAddress(id: string | undefined): void {
  const url = new URL(id === undefined ? location.href : addressOf(id));
  if (id === undefined) url.hash = '';
  if (url.href !== location.href) history.replaceState(null, '', url);
}
