import { TRACEPARENT } from '../protocol/traceparent.js';

/** What connects work on several machines to one trace: the headers of W3C Trace Context, section 3. */
export interface TraceContext {
  /** `traceparent`: version, id of the trace, id of the span and flags. */
  readonly traceparent: string;
  /** `tracestate`, as it was received. */
  readonly tracestate?: string | undefined;
}

/** What is told of a span: identifiers and counts, never text of a message. */
export type TraceAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A span that begins. */
export interface SpanInfo {
  readonly name: string;
  /** Whether another machine asked for the work, is asked by it, or neither. */
  readonly kind: 'server' | 'client' | 'internal';
  readonly attributes: TraceAttributes;
}

/** A span that has begun. */
export interface TraceSpan {
  /** The context to pass on. */
  readonly trace: TraceContext | undefined;
  /** Ends the span. `error` is the code of the error with which it ends. */
  end(attributes?: TraceAttributes, error?: string): void;
}

/** Makes spans. */
export interface Tracer {
  /** Begins a span. */
  start(info: SpanInfo, parent: TraceContext | undefined): TraceSpan;
  /**
   * Calls `work` within a span, which also becomes the parent of spans that `work` makes.
   * @param work - gets the context to pass on to what it calls. The result settles as `work` does.
   */
  during<T>(
    info: SpanInfo,
    parent: TraceContext | undefined,
    work: (trace: TraceContext | undefined) => Promise<T>,
  ): Promise<T>;
}

/** Characters that a `tracestate` must let pass (W3C Trace Context, section 3.3.1.5). */
const MAX_TRACESTATE_LENGTH = 512;

/** Printable ASCII: what is passed on as a header must not end it. */
const TRACESTATE = /^[\x20-\x7e]+$/;

/** The context in the headers of a request; `undefined` if there is none, or it is invalid, which W3C says to ignore. */
export function traceOf(headers: Readonly<Record<string, string | string[] | undefined>>): TraceContext | undefined {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) return undefined;
  const state = Array.isArray(tracestate) ? tracestate.join(',') : tracestate;
  if (state === undefined || state.length > MAX_TRACESTATE_LENGTH || !TRACESTATE.test(state)) return { traceparent };
  return { traceparent, tracestate: state };
}
