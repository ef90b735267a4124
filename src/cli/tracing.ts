import type { Tracer } from '../runtime/trace.js';

/** Where `@opentelemetry/api` of version 1 registers its SDK, for all copies of the package in a process. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

/**
 * The tracer, if the operator loaded an OpenTelemetry SDK before the command: `node --import ./telemetry.mjs`. Nothing is
 * loaded otherwise.
 */
export async function chooseTracer(): Promise<Tracer | undefined> {
  const { [REGISTERED]: api } = globalThis as { readonly [REGISTERED]?: { readonly trace?: unknown } };
  if (api?.trace === undefined) return undefined;
  const { createTracing } = await import('../telemetry/tracing.js');
  return createTracing();
}
