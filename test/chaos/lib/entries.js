/**
 * Loads an entry of the package as it is built.
 * @param {'client' | 'index' | 'openai' | 'redis' | 'sqlite' | 'testing'} name
 */
export function load(name) {
  return import(new URL(`../../../dist/${name}.js`, import.meta.url).href);
}
