/** Every own property of what an escaped expression would change first, in a form that can be compared. */
export function realmFingerprint(): unknown[] {
  const watched: object[] = [
    globalThis,
    Math,
    ...[Object, Function, Array, Number, String, Boolean, RegExp, Error, Map].flatMap((type) => [
      type,
      type.prototype as object,
    ]),
  ];
  return watched.flatMap((target) =>
    Reflect.ownKeys(target).flatMap((key): unknown[] => {
      const descriptor = Object.getOwnPropertyDescriptor(target, key);
      // `value`, or `get` and `set`: a getter itself is what must not change, its value may be made anew.
      return [target, key, ...(Object.values(descriptor ?? {}) as unknown[])];
    }),
  );
}

/** Whether nothing was added, removed or replaced between two fingerprints. */
export function sameRealm(before: readonly unknown[], after: readonly unknown[]): boolean {
  return before.length === after.length && before.every((value, index) => Object.is(value, after[index]));
}
