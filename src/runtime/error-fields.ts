/** How deep causes are followed. */
const MAX_CAUSES = 4;

/**
 * What of an error goes into the log: what it is and where it happened. Libraries hang requests, headers and bodies
 * on their errors, which may hold questions and keys; those stay out.
 */
export function errorFields(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { message: typeof error === 'string' ? error : typeof error };
  return {
    ...kindOf(error),
    message: error.message,
    ...(depth === 0 && { stack: error.stack }),
    ...(error.cause !== undefined && depth < MAX_CAUSES && { cause: errorFields(error.cause, depth + 1) }),
  };
}

/** What of an error goes into the log where its text may quote a question: only what kind of error it is. */
export function errorKind(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  return {
    ...kindOf(error),
    ...(error.cause !== undefined && depth < MAX_CAUSES && { cause: errorKind(error.cause, depth + 1) }),
  };
}

function kindOf(error: Error): object {
  const { code, status, requestID } = error as { code?: unknown; status?: unknown; requestID?: unknown };
  return {
    type: error.name,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(typeof status === 'number' && { status }),
    ...(typeof requestID === 'string' && { requestId: requestID }),
  };
}
