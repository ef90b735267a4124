import { Order, type Place } from './order.js';
import { Ranking, type Ranked } from './ranking.js';

/** An entry of a {@link FairMap}. */
export interface FairEntry<Value> {
  readonly owner: string;
  readonly id: string;
  readonly value: Value;
  readonly weight: number;
}

class Entry<Value> implements FairEntry<Value> {
  readonly owner: string;
  readonly id: string;
  readonly value: Value;
  weight: number;
  readonly holding: Holding<Value>;
  readonly place: Place<Entry<Value>>;
  readonly ownPlace: Place<Entry<Value>>;

  constructor(
    owner: string,
    id: string,
    value: Value,
    weight: number,
    holding: Holding<Value>,
    order: Order<Entry<Value>>,
  ) {
    this.owner = owner;
    this.id = id;
    this.value = value;
    this.weight = weight;
    this.holding = holding;
    this.place = order.add(this);
    this.ownPlace = holding.order.add(this);
  }
}

/** What one owner holds. */
interface Holding<Value> extends Ranked {
  readonly entries: Map<string, Entry<Value>>;
  readonly order: Order<Entry<Value>>;
}

/**
 * Entries of many owners that share a bound. Whoever keeps the bound removes {@link oldestOfLargest} until it holds: the
 * owner that holds most then loses its own oldest entry, so an owner that holds less than an equal part of the bound
 * never loses anything to another.
 */
export class FairMap<Value> {
  readonly #owners = new Map<string, Holding<Value>>();
  readonly #order = new Order<Entry<Value>>();
  readonly #ranking = new Ranking<Holding<Value>>();
  #size = 0;
  #weight = 0;

  /** Number of entries. */
  get size(): number {
    return this.#size;
  }

  /** Weight of all entries. */
  get weight(): number {
    return this.#weight;
  }

  /** The entry that was set or used before all others. */
  get oldest(): FairEntry<Value> | undefined {
    return this.#order.first;
  }

  /** The oldest entry of the owner whose entries weigh most; of several such owners, the one with the oldest entry of all. */
  get oldestOfLargest(): FairEntry<Value> | undefined {
    const { heaviest } = this.#ranking;
    const oldest = this.#order.first;
    return oldest?.holding.weight === heaviest?.weight ? oldest : heaviest?.order.first;
  }

  /** The oldest entry of an owner. */
  oldestOf(owner: string): FairEntry<Value> | undefined {
    return this.#owners.get(owner)?.order.first;
  }

  /** Weight of the entries of an owner. */
  weightOf(owner: string): number {
    return this.#owners.get(owner)?.weight ?? 0;
  }

  get(owner: string, id: string): Value | undefined {
    return this.#owners.get(owner)?.entries.get(id)?.value;
  }

  /** Sets an entry as the newest. */
  set(owner: string, id: string, value: Value, weight = 1): void {
    this.delete(owner, id);
    let holding = this.#owners.get(owner);
    if (holding === undefined) {
      holding = { weight: 0, rank: 0, entries: new Map<string, Entry<Value>>(), order: new Order<Entry<Value>>() };
      this.#owners.set(owner, holding);
      this.#ranking.add(holding);
    }
    const entry = new Entry(owner, id, value, weight, holding, this.#order);
    holding.entries.set(id, entry);
    this.#size++;
    this.#charge(entry, weight);
  }

  /** Makes an entry the newest. */
  use(owner: string, id: string): void {
    const entry = this.#owners.get(owner)?.entries.get(id);
    if (entry === undefined) return;
    this.#order.renew(entry.place);
    entry.holding.order.renew(entry.ownPlace);
  }

  /** Changes the weight of an entry. */
  charge(owner: string, id: string, amount: number): void {
    const entry = this.#owners.get(owner)?.entries.get(id);
    if (entry === undefined) return;
    entry.weight += amount;
    this.#charge(entry, amount);
  }

  /** Removes an entry. Returns whether there was one. */
  delete(owner: string, id: string): boolean {
    const entry = this.#owners.get(owner)?.entries.get(id);
    if (entry === undefined) return false;
    const { holding, place, ownPlace, weight } = entry;
    this.#order.remove(place);
    holding.order.remove(ownPlace);
    holding.entries.delete(id);
    this.#size--;
    this.#charge(entry, -weight);
    if (holding.entries.size === 0) {
      this.#ranking.remove(holding);
      this.#owners.delete(owner);
    }
    return true;
  }

  #charge({ holding }: Entry<Value>, amount: number): void {
    this.#weight += amount;
    this.#ranking.charge(holding, amount);
  }
}
