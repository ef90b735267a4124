const FILES = {
  source: {
    client: 'src/client/index.ts',
    index: 'src/index.ts',
    openai: 'src/providers/openai.ts',
    sqlite: 'src/stores/sqlite.ts',
    testing: 'src/testing/index.ts',
  },
  dist: {
    client: 'dist/client.js',
    index: 'dist/index.js',
    openai: 'dist/openai.js',
    sqlite: 'dist/sqlite.js',
    testing: 'dist/testing.js',
  },
};

/**
 * Loads an entry of the package: as it is built, or from its sources where a loader for TypeScript is at work.
 * @param {'source' | 'dist'} from
 * @param {'client' | 'index' | 'openai' | 'sqlite' | 'testing'} name
 */
export function load(from, name) {
  return import(new URL(`../../../${FILES[from][name]}`, import.meta.url).href);
}
