import { createHash } from 'node:crypto';
import { PARTITIONS, TAGS } from './partitions.js';

/** Characters of a hash in a key: 132 bits. */
const HASH_LENGTH = 22;

/**
 * A hash of fixed length for a key, which no character of a client can break. JSON, since it keeps apart what UTF-8 does
 * not: halves of characters.
 */
export function hashOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, HASH_LENGTH);
}

/** The partition of an owner: everything of an owner is in one. */
export function partitionOf(owner: string): number {
  const [first = 0] = createHash('sha256').update(JSON.stringify(owner)).digest();
  return Math.floor((first * PARTITIONS) / 256);
}

/**
 * Names of the keys. Every key of a partition begins with its base, `aw:{tag}:`, and scripts get the base and build the
 * rest:
 *
 * | key | type | what |
 * | - | - | - |
 * | `epoch` | string | identity of the data of the partition |
 * | `r:<run>` | hash | record of a run |
 * | `l:<run>` | stream | log of a run: id `<seq>-0`, field `e` |
 * | `x:<run>` | string | draft of a run |
 * | `id:<run>` | string | hash of the request of a run whose log is deleted |
 * | `tomb:<run>` | string | a cancel that came before the run |
 * | `live` | hash | run → host, empty for none |
 * | `own:<owner>` | set | runs in progress of an owner |
 * | `runs:<owner>` | zset | runs of an owner whose logs are stored, by creation |
 * | `line:<conversation>` | list | runs of a conversation in progress, in the order of their turns |
 * | `watch:<conversation>` | hash | nodes that watch a conversation |
 * | `ended`, `ids` | zset | ended runs, and those whose logs are deleted, by the time of the end |
 * | `ends` | string | number of ended runs |
 * | `t:<run>` | hash | tool calls of a run: its token if it was begun, nothing if its outcome is known |
 */
export class Keys {
  readonly prefix: string;
  readonly #bases: readonly string[];

  constructor(prefix: string) {
    this.prefix = prefix;
    this.#bases = TAGS.map((tag) => `${prefix}:{${tag}}:`);
  }

  /** What all keys of a partition begin with. */
  base(partition: number): string {
    return this.#bases[partition] ?? '';
  }

  /** What all keys of an owner's partition begin with. */
  baseOf(owner: string): string {
    return this.base(partitionOf(owner));
  }

  /** A key of the whole cluster, in a slot of its own: of one that is not part of a partition. */
  shared(name: string): string {
    return `${this.prefix}:{${this.prefix}}:${name}`;
  }

  /**
   * The channel on which a node is woken. Redis Cluster has one for each partition, since a script can only publish
   * within its slot.
   */
  channel(node: string, base?: string): string {
    return base === undefined ? `${this.prefix}:n:${node}` : `${base}n:${node}`;
  }
}

/** Where a run is stored. */
export interface RunPlace {
  /** What the keys of its partition begin with. */
  readonly base: string;
  /** Hash of owner and id. */
  readonly run: string;
}

/** Hash of a run in its keys. */
export function runHash(owner: string, id: string): string {
  return hashOf(owner, id);
}
