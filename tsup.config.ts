import { defineConfig, type Options } from 'tsup';

/**
 * The declarations of each module, which `npm run build` has TypeScript 7 write before. Here those of an entry are put
 * into one file. TypeScript 5 would take three quarters of a minute to derive them from the sources.
 */
const DECLARATIONS = 'build/types';

const node: Options = {
  target: 'node20',
  platform: 'node',
  sourcemap: false,
  // The build script empties dist once: several configs run in parallel and would delete each other's output.
  clean: false,
};

/** Browsers, Node and whatever else runs JavaScript. */
const anywhere: Options = {
  target: 'es2022',
  platform: 'neutral',
  format: ['esm', 'cjs'],
  sourcemap: false,
  clean: false,
};

/** Code that users import, with declarations. */
function library(options: Options & { readonly entry: Record<string, string> }): Options {
  const declarations = Object.entries(options.entry).map(([name, path]) => [
    name,
    path.replace(/^src/, DECLARATIONS).replace(/\.ts$/, '.d.ts'),
  ]);
  return { ...options, dts: { entry: Object.fromEntries(declarations) as Record<string, string> } };
}

/** Packages of CommonJS that each start needs. They stay outside of the command, so that their updates reach it. */
const REQUIRED = ['ws', 'eventemitter3'];

/**
 * Loads packages of CommonJS with `require`. With `import`, Node 20 reads the text of each of their files a second time
 * to find names, which takes a fifth of the time of a start.
 */
function required(names: readonly string[]): NonNullable<Options['esbuildPlugins']>[number] {
  const filter = new RegExp(`^(${names.join('|')})$`);
  return {
    name: 'required',
    setup(build) {
      build.onResolve({ filter }, ({ path, namespace }) =>
        namespace === 'required' ? { path, external: true } : { path, namespace: 'required' },
      );
      build.onLoad({ filter, namespace: 'required' }, ({ path }) => ({
        contents: `module.exports = require('${path}');`,
      }));
    },
  };
}

export default defineConfig([
  library({
    ...node,
    entry: {
      index: 'src/index.ts',
      auth: 'src/auth/index.ts',
      protocol: 'src/protocol/index.ts',
      demo: 'src/providers/demo.ts',
      openai: 'src/providers/openai.ts',
      sqlite: 'src/stores/sqlite.ts',
      bullmq: 'src/queues/bullmq.ts',
      redis: 'src/stores/redis.ts',
      metrics: 'src/telemetry/metrics.ts',
      tracing: 'src/telemetry/tracing.ts',
      testing: 'src/testing/index.ts',
    },
    format: ['esm', 'cjs'],
    shims: true,
  }),
  library({ ...anywhere, entry: { client: 'src/client/index.ts', encryption: 'src/client/encryption.ts' } }),
  // Frameworks that render on a server need to be told that hooks run in the page.
  library({
    ...anywhere,
    entry: { react: 'src/client/react.ts' },
    banner: { js: "'use client';" },
    external: ['react'],
  }),
  {
    ...node,
    // The command line carries what only it needs, so that an embedder installs none of it.
    entry: { 'cli/main': 'src/cli/main.ts' },
    format: ['esm'],
    // Of zod it uses a third: loading all its files would take most of the time of a start.
    noExternal: ['pino', 'commander', 'prom-client', '@opentelemetry/api', 'zod', ...REQUIRED],
    esbuildPlugins: [required(REQUIRED)],
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  },
  {
    entry: { test_websocket: 'src/web/main.tsx', docs: 'src/web/docs/main.tsx' },
    outDir: 'dist/web',
    tsconfig: 'src/web/tsconfig.json',
    platform: 'browser',
    target: 'es2022',
    format: ['esm'],
    minify: true,
    clean: false,
    noExternal: [/.*/],
    publicDir: 'src/web/public',
    esbuildOptions: (options) => {
      // The hooks that users import run on Preact here.
      options.alias = { react: 'preact/compat' };
      // No module of the package has effects of its own, so an import for its effect would do nothing.
      options.logOverride = { 'ignored-bare-import': 'error' };
    },
  },
]);
