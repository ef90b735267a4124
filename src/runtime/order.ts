/** The place of a value in an {@link Order}. */
export interface Place<Value> {
  readonly value: Value;
  before: Place<Value> | undefined;
  after: Place<Value> | undefined;
}

/**
 * Values in an order, of which any can be taken out at the same cost. The first key of a `Map` costs the more, the more
 * keys before it were deleted.
 */
export class Order<Value> {
  #first: Place<Value> | undefined;
  #last: Place<Value> | undefined;

  get first(): Value | undefined {
    return this.#first?.value;
  }

  /** Adds a value at the end. */
  add(value: Value): Place<Value> {
    const place: Place<Value> = { value, before: undefined, after: undefined };
    this.#append(place);
    return place;
  }

  remove(place: Place<Value>): void {
    const { before, after } = place;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    place.before = place.after = undefined;
  }

  /** Moves a value to the end. */
  renew(place: Place<Value>): void {
    if (place === this.#last) return;
    this.remove(place);
    this.#append(place);
  }

  #append(place: Place<Value>): void {
    place.before = this.#last;
    if (this.#last === undefined) this.#first = place;
    else this.#last.after = place;
    this.#last = place;
  }
}
