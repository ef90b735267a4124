import { Order, type Place } from './order.js';
import { Ranking, type Ranked } from './ranking.js';

/** An entry of a {@link FairMap}. */
export interface FairEntry<Value> {
  readonly owner: string;
  readonly id: string;
  readonly value: Value;
  readonly weight: number;
  /** Under which name the entry counts. */
  readonly payer: string;
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

  get payer(): string {
    return this.holding.payer;
  }
}

/** What one payer holds. */
interface Holding<Value> extends Ranked {
  readonly payer: string;
  readonly order: Order<Entry<Value>>;
}

/**
 * Entries of many owners that share a bound. Each entry counts for a payer: its owner, or what many owners have in common
 * if owners cost nothing. Whoever keeps the bound removes {@link oldestOfLargest} until it holds: the payer that holds most
 * then loses its own oldest entry, so a payer that holds less than an equal part of the bound never loses anything to
 * another.
 */
export class FairMap<Value> {
  /** By owner and id. */
  readonly #entries = new Map<string, Map<string, Entry<Value>>>();
  readonly #holdings = new Map<string, Holding<Value>>();
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

  /** The oldest entry of the payer whose entries weigh most; of several such payers, the one with the oldest entry of all. */
  get oldestOfLargest(): FairEntry<Value> | undefined {
    const { heaviest } = this.#ranking;
    const oldest = this.#order.first;
    return oldest?.holding.weight === heaviest?.weight ? oldest : heaviest?.order.first;
  }

  /** The oldest entry of a payer. */
  oldestOf(payer: string): FairEntry<Value> | undefined {
    return this.#holdings.get(payer)?.order.first;
  }

  /** Weight of the entries of a payer. */
  weightOf(payer: string): number {
    return this.#holdings.get(payer)?.weight ?? 0;
  }

  get(owner: string, id: string): Value | undefined {
    return this.#entries.get(owner)?.get(id)?.value;
  }

  /** Sets an entry as the newest. */
  set(owner: string, id: string, value: Value, weight = 1, payer = owner): void {
    this.delete(owner, id);
    let holding = this.#holdings.get(payer);
    if (holding === undefined) {
      holding = { payer, weight: 0, rank: 0, order: new Order<Entry<Value>>() };
      this.#holdings.set(payer, holding);
      this.#ranking.add(holding);
    }
    let entries = this.#entries.get(owner);
    if (entries === undefined) this.#entries.set(owner, (entries = new Map<string, Entry<Value>>()));
    const entry = new Entry(owner, id, value, weight, holding, this.#order);
    entries.set(id, entry);
    this.#size++;
    this.#charge(entry, weight);
  }

  /** Makes an entry the newest. */
  use(owner: string, id: string): void {
    const entry = this.#entries.get(owner)?.get(id);
    if (entry === undefined) return;
    this.#order.renew(entry.place);
    entry.holding.order.renew(entry.ownPlace);
  }

  /** Changes the weight of an entry. */
  charge(owner: string, id: string, amount: number): void {
    const entry = this.#entries.get(owner)?.get(id);
    if (entry === undefined) return;
    entry.weight += amount;
    this.#charge(entry, amount);
  }

  /** Removes an entry. Returns whether there was one. */
  delete(owner: string, id: string): boolean {
    const entries = this.#entries.get(owner);
    const entry = entries?.get(id);
    if (entries === undefined || entry === undefined) return false;
    const { holding, place, ownPlace, weight } = entry;
    this.#order.remove(place);
    holding.order.remove(ownPlace);
    entries.delete(id);
    if (entries.size === 0) this.#entries.delete(owner);
    this.#size--;
    this.#charge(entry, -weight);
    if (holding.order.first === undefined) {
      this.#ranking.remove(holding);
      this.#holdings.delete(holding.payer);
    }
    return true;
  }

  #charge({ holding }: Entry<Value>, amount: number): void {
    this.#weight += amount;
    this.#ranking.charge(holding, amount);
  }
}
