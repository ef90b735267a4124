/** How many nested causes are logged. */
const MAX_CAUSES = 4;

/**
 * The fields of an error for the log: its kind, message and stack. Requests, headers and bodies that libraries attach
 * to errors are left out, since they may hold questions and keys.
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

/** The fields of an error whose text may quote a question: only its kind. */
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
