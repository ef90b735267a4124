/** The value of a label for everything that has no value of its own. */
export const OTHER = 'other';

/** Values of one label beyond which everything is {@link OTHER}: each value is a time series that Prometheus keeps. */
const MAX_VALUES = 100;

/** Bounds the values of a label whose values are not known in advance, such as names of tools. */
export class BoundedLabel {
  readonly #values = new Set<string>();

  of(value: string): string {
    if (this.#values.has(value)) return value;
    if (this.#values.size >= MAX_VALUES) return OTHER;
    this.#values.add(value);
    return value;
  }
}

/** The value if it is a name in the table: codes may come from the embedder. */
export function known(value: string, table: object): string {
  return Object.hasOwn(table, value) ? value : OTHER;
}
