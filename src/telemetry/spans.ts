import type { Connection } from '../connection/connection.js';
import type { Principal } from '../connection/principal.js';
import type { Run } from '../run/run.js';
import type { Tracer, TraceSpan } from '../runtime/trace.js';
import type { Measured } from './measure.js';

/** Makes a span of each connection and, within it or the trace that its request names, of each run. */
export function traceService<P extends Principal, Metadata>(
  { connections, runs }: Pick<Measured<P, Metadata>, 'connections' | 'runs'>,
  tracer: Tracer,
): void {
  const ofConnections = new WeakMap<Connection<P, Metadata>, TraceSpan>();
  const ofRuns = new WeakMap<Run, TraceSpan>();
  connections.on('connect', (connection) => {
    const span = tracer.start(
      {
        name: 'websocket connection',
        kind: 'server',
        attributes: { 'network.protocol.name': 'websocket', 'agent_ws.connection.id': connection.id },
      },
      connection.trace,
    );
    ofConnections.set(connection, span);
    connection.trace = span.trace;
  });
  connections.on('disconnect', (connection, { code }) => {
    const { messageCount } = connection;
    ofConnections.get(connection)?.end({ 'agent_ws.close.code': code, 'agent_ws.messages.received': messageCount });
  });
  runs.on('start', (run) => {
    const span = tracer.start(
      {
        name: `run ${run.kind}`,
        kind: 'internal',
        attributes: {
          'gen_ai.operation.name': 'invoke_agent',
          'gen_ai.conversation.id': run.meta.conversationId,
          'agent_ws.run.id': run.id,
          'agent_ws.run.kind': run.kind,
        },
      },
      run.trace,
    );
    ofRuns.set(run, span);
    run.trace = span.trace;
  });
  runs.on('end', (run) => {
    const { state, failure, model, usage } = run;
    const attributes = {
      'agent_ws.run.state': state,
      'gen_ai.request.model': model,
      'gen_ai.usage.input_tokens': usage?.input_tokens,
      'gen_ai.usage.output_tokens': usage?.output_tokens,
    };
    ofRuns.get(run)?.end(attributes, failure?.code);
  });
}
