import {
  context,
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  isSpanContextValid,
  trace,
  type Context,
  type Span,
  type SpanContext,
  type TracerProvider,
} from '@opentelemetry/api';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { checkOptions, type OptionTable } from '../runtime/option-table.js';
import { boolean, methods } from '../runtime/rule.js';
import type { SpanInfo, TraceAttributes, TraceContext, Tracer } from '../runtime/trace.js';

/** What {@link createTracing} takes. */
export interface TracingOptions {
  /**
   * Makes the tracer.
   * @default the provider that is registered with `@opentelemetry/api` when a span begins
   */
  tracerProvider?: TracerProvider | undefined;
  /**
   * Whether providers and tools get the trace context, which the OpenAI provider sends as headers. `false` if an
   * instrumentation of the HTTP client adds these headers, such as `@opentelemetry/instrumentation-undici`.
   * @default true
   */
  propagate?: boolean | undefined;
}

const TRACING_OPTIONS = {
  tracerProvider: {
    text: 'Makes the tracer.',
    rule: methods('a TracerProvider', ['getTracer']),
    defaultText: 'the provider that is registered with `@opentelemetry/api` when a span begins',
  },
  propagate: {
    text: 'Whether providers and tools get the trace context, which the OpenAI provider sends as headers.',
    rule: boolean,
    default: true,
  },
} as const satisfies OptionTable<TracingOptions>;

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const;

/**
 * Makes OpenTelemetry spans of connections, runs, calls of the model and tool calls: pass the result as `tracer` to
 * `createAgentSocketServer`. Spans hold ids, names and counts, never text, params or results. Needs the package
 * `@opentelemetry/api`; without a registered SDK it makes no spans, and the context of clients is passed on unchanged.
 * @throws OptionError if an option is unknown or breaks its rule.
 */
export function createTracing(options: TracingOptions = {}): Tracer {
  const { tracerProvider, propagate } = checkOptions(options, TRACING_OPTIONS);
  /** The spans behind contexts that were made here. */
  const ours = new WeakMap<TraceContext, SpanContext>();

  function begin({ name, kind, attributes }: SpanInfo, parent: TraceContext | undefined): Begun {
    const within = parent === undefined ? context.active() : contextOf(ours.get(parent) ?? remote(parent));
    const tracer = (tracerProvider ?? trace.getTracerProvider()).getTracer('agent-ws');
    const span = tracer.startSpan(name, { kind: KINDS[kind], attributes: present(attributes) }, within);
    const made = span.spanContext();
    // Without an SDK the span is that of the parent, or none.
    if (!isSpanContextValid(made) || made.spanId === trace.getSpanContext(within)?.spanId) {
      return { span, within, passed: parent };
    }
    const passed = write(made);
    ours.set(passed, made);
    return { span, within: trace.setSpan(within, span), passed };
  }

  return {
    start(info, parent) {
      const { span, passed } = begin(info, parent);
      return {
        trace: passed,
        end(attributes = {}, error) {
          span.setAttributes(present(attributes));
          finish(span, error);
        },
      };
    },
    async during(info, parent, work) {
      const { span, within, passed } = begin(info, parent);
      try {
        const result = await context.with(within, () => work(propagate ? passed : undefined));
        finish(span);
        return result;
      } catch (error) {
        // The text of an error may quote the question.
        finish(span, AgentSocketError.isInstance(error) ? error.code : error instanceof Error ? error.name : 'error');
        throw error;
      }
    },
  };
}

/** A span that has begun. */
interface Begun {
  readonly span: Span;
  /** The context in which the work of the span runs. */
  readonly within: Context;
  /** What is passed on to other machines. */
  readonly passed: TraceContext | undefined;
}

function finish(span: Span, error?: string): void {
  if (error !== undefined) {
    span.setAttribute('error.type', error);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

function contextOf(parent: SpanContext): Context {
  return trace.setSpanContext(ROOT_CONTEXT, parent);
}

/** Reads the headers of W3C Trace Context, which were checked when they arrived. */
function remote({ traceparent, tracestate }: TraceContext): SpanContext {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(tracestate !== undefined && { traceState: createTraceState(tracestate) }),
  };
}

/** Writes the headers of W3C Trace Context. */
function write({ traceId, spanId, traceFlags, traceState }: SpanContext): TraceContext {
  const flags = traceFlags.toString(16).padStart(2, '0');
  const state = traceState?.serialize() ?? '';
  return { traceparent: `00-${traceId}-${spanId}-${flags}`, ...(state !== '' && { tracestate: state }) };
}

function present(attributes: TraceAttributes): Record<string, string | number | boolean> {
  const entries = Object.entries(attributes).filter((entry): entry is [string, string | number | boolean] => {
    return entry[1] !== undefined;
  });
  return Object.fromEntries(entries);
}
