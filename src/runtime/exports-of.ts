/**
 * What an imported package exports. A bundler that splits code gives a CommonJS package as `default` alone, without the
 * names that Node finds in it.
 */
export function exportsOf<M extends object>(module: M): M {
  const { default: all, ...named } = module as { readonly default?: unknown };
  const isAll = Object.keys(named).length === 0 && typeof all === 'object' && all !== null;
  return isAll ? (all as M) : module;
}
