/** Parts of the data, each in a slot of its own of Redis Cluster. A power of two, so that a byte selects one. */
export const PARTITIONS = 128;
/** Slots of Redis Cluster. */
const SLOTS = 16_384;

/** The slot of a hash tag: CRC-16/XMODEM, as the specification of Redis Cluster has it. */
export function slotOf(tag: string): number {
  let crc = 0;
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021) & 0xffff;
  }
  return crc % SLOTS;
}

/**
 * Hash tags of the partitions, spread evenly: slots are given to masters in ranges, so tags that simply count would
 * leave some masters with twice as much as others. The tags are stored in keys, so they must never change.
 */
export const TAGS: readonly string[] = evenTags();

function evenTags(): string[] {
  const tags = new Array<string | undefined>(PARTITIONS).fill(undefined);
  for (let found = 0, candidate = 0; found < PARTITIONS; candidate++) {
    const tag = candidate.toString(36);
    const partition = Math.floor((slotOf(tag) * PARTITIONS) / SLOTS);
    if (tags[partition] !== undefined) continue;
    tags[partition] = tag;
    found++;
  }
  return tags as string[];
}
