/**
 * `instanceof` across copies of this package: the ESM and the CJS bundle each have their own classes, so classes are
 * recognised by a global symbol.
 */
export function hasBrand(value: unknown, brand: symbol): boolean {
  return typeof value === 'object' && value !== null && brand in value;
}
