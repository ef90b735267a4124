/** How deep causes are followed. */
const MAX_CAUSES = 4;

/**
 * What of an error goes into the log: what it is and where it happened. Libraries hang requests, headers and bodies
 * on their errors, which may hold questions and keys; those stay out.
 */
export function errorFields(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { message: typeof error === 'string' ? error : typeof error };
  const { code, status } = error as { code?: unknown; status?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(typeof status === 'number' && { status }),
    ...(depth === 0 && { stack: error.stack }),
    ...(error.cause !== undefined && depth < MAX_CAUSES && { cause: errorFields(error.cause, depth + 1) }),
  };
}
