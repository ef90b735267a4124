import { beforeEach, describe, expect, it } from 'vitest';
import { UnfinishedMessages, type Sender } from '../../../src/transport/unfinished-messages.js';

const MIB = 1_048_576;

let keys = 0;
/** What happened to senders, in order. */
let events: string[] = [];

class TestSender implements Sender {
  readonly key = String(++keys);
  readonly address: string;
  readonly name: string;
  #messages: UnfinishedMessages;
  #counted = 0;

  constructor(messages: UnfinishedMessages, address: string, name = address) {
    this.#messages = messages;
    this.address = address;
    this.name = name;
  }

  holds(bytes: number): this {
    this.#counted = this.#messages.update(this, this.#counted, bytes);
    return this;
  }

  cutOff(): void {
    events.push(`${this.name} is cut off`);
  }

  terminate(): void {
    events.push(`${this.name} is ended`);
  }
}

beforeEach(() => void (events = []));

describe('unfinished messages', () => {
  it('of one address hold 16 MiB; then the one that began first goes', () => {
    const messages = new UnfinishedMessages(MIB);
    const senders = Array.from({ length: 16 }, (_, i) => new TestSender(messages, 'a', String(i)).holds(1));
    for (const sender of senders.toReversed()) sender.holds(MIB);
    expect(events).toEqual([]);
    new TestSender(messages, 'a', 'one more').holds(1);
    expect(events).toEqual(['0 is cut off']);
    senders[5]?.holds(0);
    new TestSender(messages, 'a', 'in its place').holds(MIB);
    new TestSender(messages, 'a', 'too much').holds(MIB);
    expect(events).toEqual(['0 is cut off', '1 is cut off']);
  });

  it('of all hold 64 MiB; then the address that holds most loses its oldest', () => {
    const messages = new UnfinishedMessages(MIB);
    new TestSender(messages, 'honest').holds(MIB);
    for (const address of ['a', 'b', 'c']) for (let i = 0; i < 16; i++) new TestSender(messages, address).holds(MIB);
    for (let i = 0; i < 15; i++) new TestSender(messages, 'd').holds(MIB);
    expect(events).toEqual([]);
    new TestSender(messages, 'newcomer').holds(MIB);
    expect(events).toEqual(['a is cut off']);
    new TestSender(messages, 'newcomer').holds(MIB);
    new TestSender(messages, 'newcomer').holds(MIB);
    expect(events.toSorted()).toEqual(['a is cut off', 'b is cut off', 'c is cut off']);
  });

  it('have room for some of the largest, however large these are', () => {
    const messages = new UnfinishedMessages(100 * MIB);
    new TestSender(messages, 'a').holds(100 * MIB);
    new TestSender(messages, 'a').holds(100 * MIB);
    new TestSender(messages, 'b').holds(100 * MIB);
    new TestSender(messages, 'b').holds(100 * MIB);
    expect(events).toEqual([]);
    new TestSender(messages, 'c').holds(1);
    expect(events).toHaveLength(1);
  });

  it('count as what a message can hold at most', () => {
    const messages = new UnfinishedMessages(MIB);
    for (let i = 0; i < 16; i++) new TestSender(messages, 'a').holds(1_000 * MIB).holds(2_000 * MIB);
    expect(events).toEqual([]);
  });

  it('of connections that do not leave are ended above 16 MiB', () => {
    const messages = new UnfinishedMessages(MIB);
    const senders = Array.from({ length: 40 }, (_, i) => new TestSender(messages, 'a', String(i)).holds(MIB));
    const ended = (): string[] => events.filter((event) => event.endsWith('ended'));
    expect(ended()).toEqual(Array.from({ length: 8 }, (_, i) => `${i} is ended`));
    // A connection that has left makes room.
    senders[20]?.holds(0);
    new TestSender(messages, 'a').holds(MIB);
    expect(ended()).toHaveLength(8);
    new TestSender(messages, 'a').holds(MIB);
    expect(ended()).toHaveLength(9);
  });
});
