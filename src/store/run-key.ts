/** A key of owner and id. Ids are UUIDs without spaces, so different pairs have different keys. */
export function runKey(owner: string, id: string): string {
  return `${id} ${owner}`;
}
