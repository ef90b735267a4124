/** One key for owner and id. Ids are UUIDs and hold no space, so no two pairs share a key. */
export function runKey(owner: string, id: string): string {
  return `${id} ${owner}`;
}
