#!/usr/bin/env node
const main = new URL('../dist/cli/main.js', import.meta.url);

try {
  await import(main.href);
} catch (error) {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND' || error.url !== main.href) throw error;
  console.error('agent-ws is not built yet: run "npm install" or "npm run build" in its directory first.');
  process.exitCode = 1;
}
